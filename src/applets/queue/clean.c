/* clean - remove finished messages from one queue (qmail-clean).
 * Started by start for send and for todo-proc: names on fd 0, one answer byte each on fd 1, current
 * directory the queue.  The one for todo-proc, or that of slowq-send or qmta-send, also keeps the queue's journal.  What it does is in
 * queue/cleaner.c. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/sys/file.h"
#include "core/sys/idle.h"
#include "core/sys/in.h"
#include "core/sys/out.h"
#include "core/sys/sig.h"
#include "queue/cleaner.h"
#include "queue/layout.h"

static void flush_answers(void *out)
{
	if (out_flush(out) < 0)
		die(100, "unable to answer");
}

static void answer_and_wait(void *out)
{
	struct pollfd p = {0, POLLIN, 0};

	flush_answers(out);
	idle_poll(&p, 1, -1);
}

static bool keeps(const char *client)
{
	return str_eq(str_z(client), STR("todo-proc")) || str_eq(str_z(client), STR("slowq-send")) ||
		str_eq(str_z(client), STR("qmta-send"));
}

static int clean_main(int argc, char **argv)
{
	char inspace[4096], outspace[512];
	struct buf line = BUF_INIT;
	struct in in;
	struct out out;
	int turn = 0, r;

	pid_t keeper = 0;

	cleaner_open();
	sig_ignore(SIGPIPE);
	if (file_chdir(queue_here()) < 0)
		die(111, "unable to enter %s: %s", queue_here(), log_errno(errno));
	if (argc > 1 && keeps(argv[1]) && (keeper = cleaner_keep("qmail-clean")) < 0)
		log_warn("unable to fork: %s", log_errno(errno));
	in_init(&in, 0, inspace, sizeof inspace);
	out_init(&out, 1, outspace, sizeof outspace);
	in.before_wait = answer_and_wait;
	in.wait_arg = &out;
	for (;;) {
		if (turn == 0)
			cleaner_sweep();
		turn = (turn + 1) % CLEANER_SWEEP_EVERY;
		buf_clear(&line);
		r = in_line(&in, &line, 0, sizeof inspace);
		if (r < 0 && errno == EMSGSIZE) {
			/* garbage longer than any request: answer once and go on behind the next NUL */
			out_addc(&out, 'x');
			while (in_fill(&in) == 1 && str_chr(in_peek(&in), 0) == in_peek(&in).n)
				in_skip(&in, in_peek(&in).n);
			in_skip(&in, in_peek(&in).n ? str_chr(in_peek(&in), 0) + 1 : 0);
			continue;
		}
		if (r <= 0)
			break;
		out_addc(&out, cleaner_answer(str_to(buf_str(&line), line.n - 1)));
	}
	flush_answers(&out);
	if (keeper > 0)
		cleaner_end_keep(keeper);
	buf_free(&line);
	return 0;
}

APPLET(clean) = {
	.name = "clean", .aliases = "qmail-clean", .family = "queue",
	.brief = "remove finished messages from a queue",
	.args = "[queuedir [client]]", .role = AS_QUEUE, .flags = APPLET_RAW, .main = clean_main,
};
