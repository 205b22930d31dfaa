/* tai64n - put the time before each line.  Run in a pipe; a TAI64N label is the moment its line began to
 * arrive. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/tai.h"
#include "core/sys/clock.h"
#include "svc/linefilter.h"

static ssize_t stamp(void *arg, struct str start, bool whole, struct out *out)
{
	char label[TAI_LABEL + 1];
	time_t sec;
	long usec;

	(void)start;
	(void)whole;
	clock_us(&sec, &usec);
	tai_label(arg, label, sec, (uint32_t)usec * 1000 + 500);
	label[TAI_LABEL] = ' ';
	out_put(out, label, sizeof label);
	return 0;
}

static int tai64n_main(int argc, char **argv)
{
	struct err e = {0};
	struct tai_pen pen = TAI_PEN_INIT;

	(void)argv;
	if (argc > 1)
		die_usage();
	if (linefilter_run(stamp, &pen, 111, 111, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(tai64n) = {
	.name = "tai64n", .family = "svc",
	.brief = "put the time before each line",
	.args = "", .role = AS_CALLER, .main = tai64n_main,
};
