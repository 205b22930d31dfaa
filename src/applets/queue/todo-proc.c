/* todo-proc - preprocess new messages of one queue for send (qmail-todo).
 * Started by start: fd 0 orders from send, fd 1 records to send, fd 2 requests to clean, fd 3 its
 * answers; current directory the queue.  Log lines travel to send in L records.  slowq-todo is the same for
 * slowq-send.  What it does is in queue/preprocess.c. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/idle.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/layout.h"
#include "queue/preprocess.h"

/* Its answers come in order. */
static int ask_clean(struct str names, char *answers, size_t n, void *arg)
{
	(void)arg;
	if (fd_write_all(2, names.p, names.n) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (fd_read(3, &answers[i], 1) != 1)
			return -1;
	return 0;
}

/* Orders; false when send is gone. */
static bool take_orders(void)
{
	char block[4096];
	ssize_t n = fd_read(0, block, sizeof block);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return false;
	preprocess_orders(str_make(block, (size_t)n));
	return true;
}

static void write_out(void)
{
	struct buf *out = preprocess_records();

	while (out->n) {
		ssize_t r = fd_write(1, out->p, out->n);

		if (r < 0 && errno == EAGAIN)
			return;
		if (r < 0)
			proc_exit(1);
		buf_drop(out, (size_t)r);
	}
}

static void loop(void)
{
	const struct buf *out = preprocess_records();
	int state = 0;

	while (state != 1 || out->n) {
		int wait = preprocess_plan();
		struct pollfd p[] = {{0, POLLIN, 0}, {preprocess_fd(), POLLIN, 0}, {out->n ? 1 : -1, POLLOUT, 0},
			{preprocess_mqueue(), POLLIN, 0}};

		if (idle_poll(p, 4, wait) < 0 && errno != EINTR)
			proc_exit(111);
		if (p[0].revents && !take_orders()) {
			preprocess_close();
			proc_exit(1);
		}
		state = preprocess_turn(p[1].revents != 0, p[3].revents != 0);
		if (state < 0)
			proc_exit(111);
		write_out();
	}
}

static int fixed, dynamic, compat;

static const struct opt opts[] = {
	FLAG('s', NULL, &fixed, "static queue: the trigger announces messages (default)"),
	FLAG('d', NULL, &dynamic, "a POSIX message queue announces messages, too"),
	FLAG('c', NULL, &compat, "the same"),
	OPTS_END
};

static int todo_main(int argc, char **argv)
{
	static const int ignored[] = {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2};
	bool slow = str_ends(str_z(argv[0]), STR("slowq-todo"));
	char hello;

	(void)argc;
	if (slow)
		proc_title("slowq-todo", NULL);	/* it may move the environment: before anything of that is looked at */
	struct preprocess p = {.dir = queue_here(), .program = slow ? "slowq-todo" : "todo-proc",
		.q = layout_qname(queue_here()), .mode = slow ? "" : "opendir mode", .mqueue = dynamic || compat,
		.clean = ask_clean};

	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		sig_ignore(ignored[i]);
	file_umask(077);
	if (fd_read(0, &hello, 1) != 1 || (hello != 'C' && hello != 'S'))
		return 100;
	fd_nonblock(1, true);
	fd_nonblock(0, true);
	if (preprocess_open(&p) < 0) {
		write_out();
		return 111;
	}
	loop();
	preprocess_close();
	buf_put(preprocess_records(), "X", 2);
	fd_nonblock(1, false);
	write_out();
	return 0;
}

APPLET(todo_proc) = {
	.name = "todo-proc", .aliases = "qmail-todo slowq-todo", .family = "queue",
	.brief = "preprocess new messages of a queue",
	.args = "[queuedir]", .opts = opts, .role = AS_SEND, .flags = APPLET_SHORT, .main = todo_main,
};
