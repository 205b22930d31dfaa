/* qfilter - pass a message and its envelope through programs, then run the queue program (qmail-qfilter).
 * Run in place of queue: fd 0 the message, fd 1 the envelope.  Nothing is queued unless every filter agrees;
 * a filter that writes nothing changes nothing. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/front.h"
#include "core/app/log.h"
#include "core/base/words.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"

enum { PROGRAM_MAX = 4096 };

static int message, envelope;	/* as they are now */
static int program;		/* fd 5 of the filters: what to run in place of queue */

static void put_number(const char *name, unsigned long long n)
{
	struct buf b = BUF_INIT;

	buf_fmt(&b, "%llu", n);
	env_put(name, b.p);
	buf_free(&b);
}

/* What the filters find in their environment. */
static void describe(const struct front_envelope *v)
{
	struct str sender = buf_str(&v->sender);
	size_t at = str_rchr(sender, '@');

	env_put_str("QMAILUSER", str_to(sender, at));
	env_put_str("QMAILHOST", str_from(sender, at + 1));
	env_unset("QMAILNAME");
	env_put_str("QMAILRCPTS", buf_str(&v->rcpts));
	put_number("NUMRCPTS", v->count);
	put_number("ENVSIZE", front_size(envelope));
	put_number("MSGSIZE", front_size(message));
}

/* Read the envelope that a filter (NULL: the client) has made. */
static void look(const char *filter)
{
	struct front_envelope v;

	front_rewind(envelope);
	int code = front_envelope(envelope, &v);

	if (code && filter)
		front_fail(81, "%s wrote a bad envelope", filter);
	if (code)
		die(code, "the envelope is not complete");
	describe(&v);
	front_envelope_free(&v);
}

/* The exit code for a filter's that is not 0. */
static void judge(const char *filter, int code)
{
	if (code < 0)
		front_fail(81, "%s crashed", filter);
	if (code == 2 || code == 99)
		proc_exit(0);	/* the envelope has been read */
	if (code == 31 || code == 100)
		proc_exit(31);
	if (code == 120)
		die(81, "unable to run %s", filter);
	proc_exit(code == 111 ? 71 : code);
}

/* What a filter wrote, if anything, takes the place of what it read. */
static bool changed(int *now, int written)
{
	if (front_size(written) == 0) {
		fd_close(written);
		return false;
	}
	fd_close(*now);
	*now = written;
	return true;
}

static void run(char **argv)
{
	int fds[] = {message, front_temp(), 2, envelope, front_temp(), program};

	front_rewind(message);
	front_rewind(envelope);
	front_rewind(program);
	int code = front_run(NULL, argv, fds, 6);

	if (code != 0)
		judge(argv[0], code);
	changed(&message, fds[1]);
	if (changed(&envelope, fds[4]))
		look(argv[0]);
	else
		put_number("MSGSIZE", front_size(message));
}

/* Cut the words at "--" into filters, each followed by a NULL: how many there are. */
static int cut(int argc, char **argv)
{
	int n = 1;

	for (int i = 1; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], "--") != 0)
			continue;
		if (!argv[i - 1] || i == 1)
			die(81, "a filter is missing");
		argv[i] = NULL;
		n += i < argc;
	}
	return n;
}

/* Become what the filters, or the environment, name as the queue program. */
static void finish(void)
{
	char name[PROGRAM_MAX];
	struct words w = WORDS_INIT;
	const char *given = conf_env(CONF_QQF_QMAILQUEUE);

	front_rewind(program);
	ssize_t n = fd_read(program, name, sizeof name - 1);

	if (n < 0 || n == (ssize_t)sizeof name - 1)
		front_fail(81, "bad name of a queue program");
	name[n] = 0;
	if (!given || !*given)
		given = conf_env(CONF_QQF_MAILQUEUE);
	if (!given || !*given)
		given = conf_env(CONF_QUEUEPROG);
	if (*name)
		vec_push(&w.argv, name);
	else if (!words_add(&w, str_z(given && *given ? given : "qmail-queue")))
		front_fail(87, "bad name of a queue program");
	/* the one named there must not find its own name */
	env_unset("QQF_QMAILQUEUE");
	env_unset("QQF_MAILQUEUE");
	env_unset("QUEUEPROG");
	front_replace(message);
	front_rewind(envelope);
	if (fd_move(1, envelope) < 0)
		front_fail(68, "unable to hand on a temporary file: %s", log_errno(errno));
	fd_close(program);
	front_next((char **)(size_t)words_end(&w));
}

static int qfilter_main(int argc, char **argv)
{
	struct env_copy *before = env_save();
	int n = cut(argc, argv);

	front_custom = true;
	front_start();
	message = front_spool(0, "message");
	envelope = front_spool(1, "envelope");
	program = front_temp();
	look(NULL);
	for (argv++; n > 0; n--) {
		run(argv);
		while (*argv++)
			;
	}
	env_restore(before);
	finish();
	return 81;
}

APPLET(qfilter) = {
	.name = "qfilter", .aliases = "qmail-qfilter", .family = "queue",
	.brief = "pass a message and its envelope through filters into the queue",
	.args = "filter [argument ...] [-- filter [argument ...]] ...", .role = AS_CALLER, .flags = APPLET_RAW,
	.main = qfilter_main,
};
