/* qmonitor - tell qscheduler, now and then, how busy its queues are.
 * Run as a service, or once with -i 0.  qscheduler -d adds and gives up queues without it, too; with it
 * it does so at the moment it is told. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/sys/sig.h"
#include "queue/figures.h"

static int look_only, verbose;
static long threshold, interval = 60;

static const struct opt opts[] = {
	NUM('t', NULL, &threshold, "PERCENT", "tell only loads of at least PERCENT, and the first below it (0)"),
	NUM('i', NULL, &interval, "SECONDS", "how often (60); 0: once"),
	FLAG('n', NULL, &look_only, "tell nobody"),
	FLAG('v', NULL, &verbose, "print what is seen"),
	OPTS_END
};

/* One queue; above: whether it was at the threshold the last time. */
static void look_at(const char *base, long n, bool *above)
{
	struct buf dir = BUF_INIT;
	struct err e = {0};
	struct figures f;

	buf_fmt(&dir, "%s/queue%ld", base, n);
	if (figures_read(dir.p, &f) < 0) {
		log_warn("no figures of %s: %s", dir.p, log_errno(errno));
	} else {
		bool now = figures_load(&f) >= 2UL * (unsigned long)threshold;

		if (verbose)
			log_line("info: qmonitor: %s local %ld/%ld remote %ld/%ld load=%lu%s", dir.p, (long)f.used[0],
				(long)f.max[0], (long)f.used[1], (long)f.max[1], figures_load(&f),
				f.disabled ? " disabled" : "");
		if (!look_only && (now || *above) && figures_tell(base, (unsigned)n, figures_load(&f), &e) < 0)
			log_warn("%s", log_err(&e));
		*above = now;
	}
	buf_free(&dir);
}

/* All queues in use; -1: there are no figures. */
static int look(const char *base, long start, bool *above)
{
	struct figures_all all;

	if (figures_read_all(base, &all) < 0)
		return -1;
	for (long i = 0; i < all.count && i < FIGURES_QUEUES_MAX; i++)
		look_at(base, start + i, &above[i]);
	return 0;
}

static int qmonitor_main(int argc, char **argv)
{
	struct buf base = BUF_INIT;
	struct err e = {0};
	long start;

	(void)argv;
	if (argc > 1 || threshold < 0 || threshold > 100 || interval < 0)
		die_usage();
	if (conf_line(CONF_QUEUE_BASE, &base, &e) < 0 || conf_int(CONF_QUEUE_START, &start, &e) < 0)
		die_err(&e);
	bool *above = mem_alloc(FIGURES_QUEUES_MAX * sizeof *above);

	sig_block(SIGTERM);
	sig_block(SIGINT);
	do {
		if (look(base.p, start, above) < 0) {
			if (!interval)
				die(111, "no figures of %s: %s", base.p, log_errno(errno));
			log_warn("no figures of %s: %s", base.p, log_errno(errno));
		}
	} while (interval && !sig_wait((int[]){SIGTERM, SIGINT}, 2, interval * 1000));
	mem_free(above);
	buf_free(&base);
	return 0;
}

APPLET(qmonitor) = {
	.name = "qmonitor", .family = "queue",
	.brief = "tell qscheduler how busy the queues are",
	.args = "", .opts = opts, .role = AS_CALLER, .flags = APPLET_CLIENT, .main = qmonitor_main,
};
