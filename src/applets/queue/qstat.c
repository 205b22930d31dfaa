/* qstat - how many messages are in the queues (qmail-qstat).  Run by administrators, for every queue. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "queue/scan.h"

static int count(const struct queue_file *f, void *arg)
{
	*(unsigned long *)arg += f->id != 0;
	return 0;
}

static void count_part(const char *dir, enum part part, unsigned long *n)
{
	struct err e = {0};

	if (queue_scan(dir, part, count, n, &e) < 0)
		die_err(&e);
}

static int each(const char *dir, void *arg)
{
	struct buf b = BUF_INIT;
	unsigned long mess = 0, todo = 0;

	(void)arg;
	count_part(dir, Q_MESS, &mess);
	count_part(dir, Q_TODO, &todo);
	buf_fmt(&b, "processing queue %s\nmessages in queue: %lu\n"
		"messages in queue but not yet preprocessed: %lu\n\n", dir, mess, todo);
	if (fd_write_all(1, b.p, b.n) < 0)
		die(111, "unable to write: %s", log_errno(errno));
	buf_free(&b);
	return 0;
}

static int qstat_main(int argc, char **argv)
{
	struct err e = {0};

	(void)argv;
	if (argc > 1)
		die_usage();
	if (queue_look(each, NULL, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(qstat) = {
	.name = "qstat", .aliases = "qmail-qstat", .family = "queue",
	.brief = "count the messages in the queues",
	.args = "", .role = AS_CALLER, .flags = APPLET_CLIENT, .main = qstat_main,
};
