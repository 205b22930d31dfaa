/* tai64n2tai - turn TAI64N labels into decimal time stamps, without the ten seconds that tai64nunix(1)
 * takes off.  Run over logs for tools that want decimal stamps; tai2tai64n undoes it. */
#include <stdint.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/num.h"
#include "core/base/tai.h"
#include "svc/linefilter.h"

static const char head[] = "@40000000";

static ssize_t decimal(void *arg, struct str start, bool whole, struct out *out)
{
	struct str known = str_to(STR(head), start.n);
	uint64_t sec, nsec;

	(void)arg;
	if (start.n < TAI_LABEL && str_starts(start, known) && !whole)
		return -1;
	if (start.n < TAI_LABEL || !str_starts(start, STR(head)) ||
		num_scan_hex(str_to(str_from(start, 9), 8), &sec) != 8 ||
		num_scan_hex(str_to(str_from(start, 17), 8), &nsec) != 8 || nsec > 999999999)
		return 0;
	out_fmt(out, "%010llu.%09llu", (unsigned long long)sec, (unsigned long long)nsec);
	return TAI_LABEL;
}

static int tai64n2tai_main(int argc, char **argv)
{
	struct err e = {0};

	(void)argv;
	if (argc > 1)
		die_usage();
	if (linefilter_run(decimal, NULL, 1, 2, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(tai64n2tai) = {
	.name = "tai64n2tai", .family = "svc",
	.brief = "turn TAI64N labels into decimal time stamps",
	.args = "", .role = AS_CALLER, .main = tai64n2tai_main,
};
