/* tai64nlocal - show TAI64N labels as local time.  Run by people in front of a log, tail -f included. */
#include <stdio.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/tai.h"
#include "core/sys/clock.h"
#include "svc/linefilter.h"

/* The second written last, which many lines in a row share. */
struct shown {
	int64_t sec;
	char text[64];
	int n;	/* 0: none yet */
};

static bool show(struct shown *s, int64_t sec)
{
	struct tm tm;

	if (s->n && s->sec == sec)
		return true;
	if (!clock_local(sec, &tm))
		return false;
	s->sec = sec;
	s->n = snprintf(s->text, sizeof s->text, "%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return true;
}

/* What only looks like a label stays as it is. */
static ssize_t local(void *arg, struct str start, bool whole, struct out *out)
{
	struct shown *s = arg;
	int64_t sec;
	uint32_t nsec;

	if (start.n < TAI_LABEL && (!start.n || start.p[0] == '@') && !whole)
		return -1;
	if (!tai_parse(start, &sec, &nsec) || !show(s, sec))
		return 0;
	out_put(out, s->text, (size_t)s->n);
	out_fmt(out, ".%09u", (unsigned)nsec);
	return TAI_LABEL;
}

static int tai64nlocal_main(int argc, char **argv)
{
	struct err e = {0};
	struct shown s = {0};

	(void)argv;
	if (argc > 1)
		die_usage();
	if (linefilter_run(local, &s, 111, 111, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(tai64nlocal) = {
	.name = "tai64nlocal", .family = "svc",
	.brief = "show TAI64N labels as local time",
	.args = "", .role = AS_CALLER, .main = tai64nlocal_main,
};
