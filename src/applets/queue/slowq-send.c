/* slowq-send - schedule the deliveries of the queue slowq, whose rates are limited.
 * slowq-start becomes it: fd 0 the log, 1/2 lspawn, 3/4 rspawn, 5/6 clean.  New messages are preprocessed in the same
 * process, or in its child slowq-todo.  What it does is in queue/sender.c. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "queue/sender.h"

/* TODO_PROCESSOR: orders, records, its requests for clean and the answers each have a pipe; it ends when they do. */
static void start_todo(struct sender *s)
{
	char *argv[] = {(char[]){"slowq-todo"}, NULL};
	int orders[2], records[2], wishes[2], answers[2];
	struct err e = {0};

	if (fd_pipe(orders) < 0 || fd_pipe(records) < 0 || fd_pipe(wishes) < 0 || fd_pipe(answers) < 0)
		die(111, "unable to create a pipe: %s", log_errno(errno));
	int theirs[] = {orders[0], records[1], wishes[1], answers[0]};

	if (run_start(argv, &(struct run){.fds = theirs, .nfds = 4, .keep_role = true}, &e) < 0)
		die_err(&e);
	for (int i = 0; i < 4; i++)
		fd_close(theirs[i]);
	s->todo_out = orders[1];
	s->todo_in = records[0];
	s->clean.wish_in = wishes[0];
	s->clean.wish_out = answers[1];
}

static int slowq_main(int argc, char **argv)
{
	struct sender s = {.program = "slowq-send", .q = layout_qname(queue_here()), .old_end = true, .rates = true,
		.clean = {.out = 5, .in = 6, .wish_in = -1, .wish_out = -1}, .todo_out = -1, .todo_in = -1};
	long apart = 0;

	(void)argc;
	(void)argv;
	conf_int(CONF_TODO_PROCESSOR, &apart, NULL);
	if (apart)
		start_todo(&s);
	return sender_run(&s);
}

APPLET(slowq_send) = {
	.name = "slowq-send", .family = "queue",
	.brief = "schedule the deliveries of a queue with limited rates",
	.args = "[queuedir]", .role = AS_SEND, .main = slowq_main,
};
