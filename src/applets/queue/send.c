/* send - schedule the deliveries of one queue (qmail-send).
 * start becomes it: fd 0 the log, 1/2 lspawn, 3/4 rspawn, 5/6 clean, 7/8 todo-proc.  Promises that a
 * message leaves the queue only when every recipient is settled and its bounce, if any, is queued.  What it does is in
 * queue/sender.c. */
#include "core/app/applet.h"
#include "queue/sender.h"

static int fixed, dynamic;

static const struct opt opts[] = {
	FLAG('s', NULL, &fixed, "static queue (default)"),
	FLAG('d', NULL, &dynamic, "tell qscheduler and submitters how busy the queue is"),
	OPTS_END
};

static int send_main(int argc, char **argv)
{
	struct sender s = {.program = "qmail-send", .q = layout_qname(queue_here()),
		.clean = {.out = 5, .in = 6, .wish_in = -1, .wish_out = -1}, .todo_out = 7, .todo_in = 8,
		.figures = dynamic};

	(void)argc;
	(void)argv;
	return sender_run(&s);
}

APPLET(send) = {
	.name = "send", .aliases = "qmail-send", .family = "queue",
	.brief = "schedule the deliveries of a queue",
	.args = "[queuedir]", .opts = opts, .role = AS_SEND, .main = send_main,
};
