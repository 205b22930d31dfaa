/* tai64nunix - show TAI64N labels as seconds since 1970.  Run in front of the log analysers, which want
 * them so. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/tai.h"
#include "svc/linefilter.h"

/* Times before 1970 and what only looks like a label stay as they are. */
static ssize_t seconds(void *arg, struct str start, bool whole, struct out *out)
{
	int64_t sec;
	uint32_t nsec;

	(void)arg;
	if (start.n < TAI_LABEL && (!start.n || start.p[0] == '@') && !whole)
		return -1;
	if (!tai_parse(start, &sec, &nsec) || sec < 0)
		return 0;
	out_fmt(out, "%09lld.%09u", (long long)sec, (unsigned)nsec);
	return TAI_LABEL;
}

static int tai64nunix_main(int argc, char **argv)
{
	struct err e = {0};

	(void)argv;
	if (argc > 1)
		die_usage();
	if (linefilter_run(seconds, NULL, 111, 111, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(tai64nunix) = {
	.name = "tai64nunix", .family = "svc",
	.brief = "show TAI64N labels as seconds since 1970",
	.args = "", .role = AS_CALLER, .main = tai64nunix_main,
};
