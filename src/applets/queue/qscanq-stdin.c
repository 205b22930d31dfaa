/* qscanq-stdin - look for banned attachments and viruses in a message, then run the queue program.  Run by qscanq in a
 * directory of its own, which it fills with the message and its parts: fd 0 the message, fd 1 the envelope.  A scanner
 * that fails never costs a message: the client is told to come again. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/front.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/words.h"
#include "core/conf/conf.h"
#include "core/mail/mime.h"
#include "core/smtp/match.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

enum { AGE_OUT = 3600, X_VIRUS = 33, X_BANNED = 34, X_TROUBLE = 71 };

struct scan {
	struct match banned;
	bool by_name;		/* look at names */
	struct buf dir;
	VEC(char *) files;	/* to be scanned, absolute */
	int part;		/* being written */
};

static void debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void debug(const char *fmt, ...)
{
	va_list ap;

	if (!conf_set(CONF_DEBUG))
		return;
	va_start(ap, fmt);
	log_list(fmt, ap);
	va_end(ap);
}

static void on_alarm(int sig)
{
	(void)sig;
	proc_exit(X_TROUBLE);
}

/* A new file in the directory, to be scanned. */
static int new_file(struct scan *s)
{
	struct buf fn = BUF_INIT;

	if (s->files.n)
		buf_fmt(&fn, "%s/part.%zu", s->dir.p, s->files.n);
	else
		buf_fmt(&fn, "%s/msg", s->dir.p);
	int fd = file_open(fn.p, O_RDWR | O_CREAT | O_EXCL, 0640);

	if (fd < 0)
		die(53, "unable to create %s: %s", fn.p, log_errno(errno));
	vec_push(&s->files, buf_take(&fn));
	return fd;
}

/* The message becomes a file that has a name, and our descriptor 0. */
static void copy_message(struct scan *s)
{
	char block[32768];
	int fd = new_file(s);
	ssize_t n;

	while ((n = fd_read(0, block, sizeof block)) > 0)
		if (fd_write_all(fd, block, (size_t)n) < 0)
			die(53, "unable to write the message: %s", log_errno(errno));
	if (n < 0)
		die(54, "unable to read the message: %s", log_errno(errno));
	front_replace(fd);
}

/* The last component without what some systems do not see at its end. */
static struct str bare(struct str name)
{
	for (size_t i = name.n; i-- > 0; )
		if (name.p[i] == '/' || name.p[i] == '\\') {
			name = str_from(name, i + 1);
			break;
		}
	name = str_trim(name);
	while (name.n && (name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' ' || !name.p[name.n - 1]))
		name.n--;
	return name;
}

static int see_name(void *ctx, struct str name, struct err *e)
{
	struct scan *s = ctx;

	name = bare(name);
	debug("attachment %.*s", STR_FMT(name));
	if (!s->by_name || !name.n)
		return 0;
	int r = match_find(&s->banned, name, e);

	return r <= 0 ? r : err_code(e, X_BANNED, 0, "attachments such as %.*s are not accepted", STR_FMT(name));
}

static int begin(void *ctx, struct err *e)
{
	struct scan *s = ctx;

	(void)e;
	s->part = new_file(s);
	return 0;
}

static int data(void *ctx, struct str bytes, struct err *e)
{
	const struct scan *s = ctx;

	return fd_write_all(s->part, bytes.p, bytes.n) < 0 ? err_code(e, 53, errno, "unable to write a part") : 0;
}

static int end(void *ctx, struct err *e)
{
	const struct scan *s = ctx;

	(void)e;
	return fd_close(s->part);
}

/* What cannot be taken apart cannot be judged: it is as good as banned. */
static void unpack(struct scan *s)
{
	static const struct mime_calls calls = {see_name, begin, data, end};
	struct err e = {0};

	if (s->by_name && match_open(&s->banned, CONF_BADEXT, CONF_BADEXTPATTERNS, &e) < 0)
		die(55, "%s", log_err(&e));
	s->banned.names = true;
	if (mime_walk(0, &calls, s, &e) < 0)
		die(e.code ? e.code : e.class == ERR_PERM ? X_BANNED : X_TROUBLE, "%s", log_err(&e));
	match_close(&s->banned);
	front_rewind(0);
}

/* The scanner's words: %s is all files, the message first; they follow a command of one word. */
static char *const *command(struct scan *s, struct words *w, struct words *given)
{
	const char *text = conf_env(CONF_SCANCMD);

	if (!words_add(given, str_z(text && *text ? text : conf_rows[CONF_SCANCMD].dflt)) || !given->argv.n)
		die(X_TROUBLE, "bad SCANCMD");
	for (size_t i = 0; i < given->argv.n + (given->argv.n == 1); i++) {
		if (i < given->argv.n && !str_starts(str_z(given->argv.p[i]), STR("%s"))) {
			vec_push(&w->argv, given->argv.p[i]);
			continue;
		}
		for (size_t k = 0; k < s->files.n; k++)
			vec_push(&w->argv, s->files.p[k]);
	}
	return words_end(w);
}

static void look_for_viruses(struct scan *s)
{
	struct words w = WORDS_INIT, given = WORDS_INIT;
	char *const *argv = command(s, &w, &given);
	int fds[] = {0, 2, 2};
	int code = front_run(NULL, argv, fds, 3);

	debug("%s: exit code %d for %zu files", argv[0], code, s->files.n);
	if (code == 1)
		die(X_VIRUS, "the message contains a virus");
	if (code)
		die(X_TROUBLE, "the virus scanner %s failed", argv[0]);
	words_free(&w);
	words_free(&given);
	front_rewind(0);
}

static int qscanq_stdin_main(int argc, char **argv)
{
	struct scan s = {.banned = MATCH_INIT, .dir = BUF_INIT, .part = -1};
	char *next[] = {(char[]){"qmail-multi"}, NULL};
	struct err e = {0};
	long check = 0;

	front_start();
	sig_catch(SIGALRM, on_alarm);
	clock_alarm(AGE_OUT);
	if (conf_int(CONF_VIRUSCHECK, &check, &e) < 0)
		die(X_TROUBLE, "%s", log_err(&e));
	if (file_cwd(&s.dir) < 0)
		die(X_TROUBLE, "unable to find the current directory: %s", log_errno(errno));
	file_umask(027);
	copy_message(&s);
	s.by_name = check == 3 || check == 4 || check == 5 || check == 7;
	unpack(&s);
	if (check == 2 || check == 4 || check == 5 || check == 6)
		look_for_viruses(&s);
	file_chdir("/");
	front_next(argc > 1 ? argv + 1 : next);
}

APPLET(qscanq_stdin) = {
	.name = "qscanq-stdin", .family = "queue",
	.brief = "look for banned attachments and viruses in a message on its way into the queue",
	.args = "[program [argument ...]]", .role = AS_CALLER, .main = qscanq_stdin_main,
};
