/* spamfilter - ask a spam filter about a message, then run the queue program (qmail-spamfilter).  Run in
 * place of queue: fd 0 the message, fd 1 the envelope.  A filter that fails never costs a message: the
 * client is told to come again. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/front.h"
#include "core/app/log.h"
#include "core/base/words.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"

static long number(enum conf_id id)
{
	struct err e = {0};
	long n = 0;

	if (conf_int(id, &n, &e) < 0)
		die(55, "%s", log_err(&e));
	return n;
}

static bool given(const char *text)
{
	return text && *text;
}

/* The program behind us: our operands, SPAMQUEUE, or multi, which sees to QUEUEPROG and the choice of a
 * queue. */
static void next(int argc, char **argv)
{
	const char *queue = conf_env(CONF_SPAMQUEUE);
	struct words w = WORDS_INIT;

	if (argc > 1)
		front_next(argv + 1);
	if (!words_add(&w, str_z(given(queue) ? queue : "qmail-multi")) || !w.argv.n)
		die(87, "bad SPAMQUEUE");
	/* the one named there must not find its own name */
	env_unset("SPAMQUEUE");
	front_next((char **)(size_t)words_end(&w));
}

static bool excused(void)
{
	return !given(conf_env(CONF_SPAMFILTER)) || conf_set(CONF_RELAYCLIENT) ||
		(conf_set(CONF_AUTHINFO) && conf_set(CONF_RELAYCLIENT_NOSPAMFILTER));
}

/* Run the filter; what it wrote, if anything, becomes the message.  Its exit code. */
static int ask(void)
{
	struct words w = WORDS_INIT;
	int fds[] = {front_message(), front_temp(), 2};

	if (!words_add(&w, str_z(conf_env(CONF_SPAMFILTER))) ||
		!words_add(&w, str_z(conf_env(CONF_SPAMFILTERARGS))) || !w.argv.n)
		die(87, "bad SPAMFILTER");
	int code = front_run(NULL, (char **)(size_t)words_end(&w), fds, 3);

	if (code < 0)
		die(123, "%s crashed", w.argv.p[0]);
	bool wrote = front_size(fds[1]) > 0;

	front_replace(fds[wrote]);
	fd_close(fds[!wrote]);
	words_free(&w);
	return code;
}

/* Whether an exit code of the filter means spam; no verdict at all ends the process. */
static bool is_spam(int code)
{
	if (code == number(CONF_SPAMEXITCODE))
		return true;
	if (code != number(CONF_HAMEXITCODE) && code != number(CONF_UNSUREEXITCODE) && (code < 0 || code > 2))
		die(76, "the spam filter failed with exit code %d", code);
	return false;
}

/* Where spam goes: 1 and *to, or 0. */
static int spam_address(struct buf *to)
{
	static const enum conf_id ids[] = {CONF_SPAMREDIRECT, CONF_NOTIFYSPAM, CONF_GLOBALSPAMREDIRECT};
	struct err e = {0};

	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		if (conf_line(ids[i], to, &e) < 0)
			die(55, "%s", log_err(&e));
		if (to->n)
			return 1;
	}
	return 0;
}

/* The envelope becomes one from nobody to that address, once the client's turns out to be complete. */
static void redirect(const struct buf *to)
{
	struct front_envelope v;
	struct buf b = BUF_INIT;
	int fd = front_temp(), code = front_envelope(1, &v);

	if (code)
		die(code, "the envelope is not complete");
	buf_put(&b, "F\0T", 3);
	buf_add(&b, buf_str(to));
	buf_put(&b, "\0", 2);
	if (fd_write_all(fd, b.p, b.n) < 0)
		die(53, "unable to write a temporary file: %s", log_errno(errno));
	front_rewind(fd);
	if (fd_move(1, fd) < 0)
		die(68, "unable to hand on a temporary file: %s", log_errno(errno));
	front_envelope_free(&v);
	buf_free(&b);
}

static void spam(void)
{
	struct buf to = BUF_INIT;
	long reject = number(CONF_REJECTSPAM);

	if (reject == 1)
		proc_exit(32);
	if (reject > 1)
		front_discard();
	if (spam_address(&to))
		redirect(&to);
	buf_free(&to);
}

static int spamfilter_main(int argc, char **argv)
{
	long viruses = number(CONF_VIRUSCHECK);

	front_start();
	if (viruses >= 2 && viruses <= 7) {
		argv[0] = (char[]){"qscanq"};
		front_next(argv);
	}
	if (!excused() && is_spam(ask()))
		spam();
	next(argc, argv);
	return 120;
}

APPLET(spamfilter) = {
	.name = "spamfilter", .aliases = "qmail-spamfilter", .family = "queue",
	.brief = "ask a spam filter about a message on its way into the queue",
	.args = "[program [argument ...]]", .role = AS_CALLER, .main = spamfilter_main,
};
