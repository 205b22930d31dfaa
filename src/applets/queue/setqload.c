/* setqload - tell qscheduler the load of a queue.
 * Run by administrators and by programs that watch queues in a way of their own: qscheduler -d acts upon
 * what it is told at once, and believes it for ten seconds. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "queue/figures.h"

enum { MOST = 1000000 };	/* deliveries, percent */

static const char *queue;

static const struct opt opts[] = {
	TEXT('q', NULL, &queue, "N", "the queue's number"),
	OPTS_END
};

static uint64_t number(struct str s, const char *word)
{
	uint64_t n;

	if (!num_parse(s, MOST, &n))
		die(100, "%s: not a load", word);
	return n;
}

/* USED/MAX of one channel. */
static void channel(const char *word, int32_t *used, int32_t *max)
{
	struct str rest = str_z(word), first = str_cut(&rest, '/');

	if (!rest.p)
		die(100, "%s: not a load", word);
	*used = (int32_t)number(first, word);
	*max = (int32_t)number(rest, word);
}

static int setqload_main(int argc, char **argv)
{
	struct buf base = BUF_INIT;
	struct err e = {0};
	struct figures f = {.disabled = 0};
	uint64_t n;
	unsigned long load;

	if (!queue || argc < 2 || argc > 3)
		die_usage();
	if (!num_parse(str_z(queue), MOST, &n))
		die(100, "%s: not the number of a queue", queue);
	if (argc == 2) {
		load = (unsigned long)number(str_z(argv[1]), argv[1]);
	} else {
		channel(argv[1], &f.used[0], &f.max[0]);
		channel(argv[2], &f.used[1], &f.max[1]);
		load = figures_load(&f);
	}
	if (conf_line(CONF_QUEUE_BASE, &base, &e) < 0 || figures_tell(base.p, (unsigned)n, load, &e) < 0)
		die_err(&e);
	buf_free(&base);
	return 0;
}

APPLET(setqload) = {
	.name = "setqload", .family = "queue",
	.brief = "tell qscheduler the load of a queue",
	.args = "load | local/max remote/max", .opts = opts, .role = AS_CALLER, .main = setqload_main,
};
