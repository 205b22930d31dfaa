/* tai2tai64n - turn decimal time stamps into TAI64N labels, without the ten seconds that tai64n(1) adds.
 * Run over logs that splogger or accustamp stamped; tai64n2tai undoes it. */
#include <stdint.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/num.h"
#include "svc/linefilter.h"

static size_t digits(struct str s)
{
	size_t n = 0;

	while (n < s.n && chr_digit(s.p[n]))
		n++;
	return n;
}

/* Nine digits of a fraction as nanoseconds; more are cut off. */
static unsigned nanoseconds(struct str fraction)
{
	unsigned v = 0;

	for (size_t i = 0; i < 9; i++)
		v = v * 10 + (i < fraction.n ? (unsigned)(fraction.p[i] - '0') : 0);
	return v;
}

static ssize_t label(void *arg, struct str start, bool whole, struct out *out)
{
	size_t n = digits(start), end = n;
	struct str fraction = STR("");
	uint64_t sec;

	(void)arg;
	if (n < start.n && start.p[n] == '.') {
		fraction = str_from(start, n + 1);
		fraction = str_to(fraction, digits(fraction));
		end = n + 1 + fraction.n;
	}
	if (end == start.n && !whole)
		return -1;
	if (!num_parse(str_to(start, n), UINT32_MAX, &sec))
		return 0;
	out_fmt(out, "@40000000%08x%08x", (unsigned)sec, nanoseconds(fraction));
	return (ssize_t)end;
}

static int tai2tai64n_main(int argc, char **argv)
{
	struct err e = {0};

	(void)argv;
	if (argc > 1)
		die_usage();
	if (linefilter_run(label, NULL, 1, 2, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(tai2tai64n) = {
	.name = "tai2tai64n", .family = "svc",
	.brief = "turn decimal time stamps into TAI64N labels",
	.args = "", .role = AS_CALLER, .main = tai2tai64n_main,
};
