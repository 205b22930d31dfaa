/* svc - send commands to the supervise of each service, and wait for their effect.  Run by people and
 * scripts. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/sig.h"
#include "svc/state.h"

enum { LETTERS_MAX = 20, SETTLE_MS = 1000, NO_CONTROL = 1, NOT_RUNNING = 2, TIMED_OUT = 3 };

static char letters[LETTERS_MAX + 1];
static const char *waiting;	/* the FIFO to wait for */
static long timeout;

/* Each letter once, in the order given. */
static int add(char letter, const char *arg)
{
	size_t n = strlen(letters);

	(void)arg;
	if (!strchr(letters, letter) && n < LETTERS_MAX)
		letters[n] = letter;
	return 0;
}

static int wait_for(char letter, const char *arg)
{
	(void)arg;
	waiting = letter == 'w' ? "up" : "dn";
	return 0;
}

static const struct opt opts[] = {
	CALL('u', NULL, add, NULL, "up: start it, and again whenever it ends"),
	CALL('d', NULL, add, NULL, "down: TERM and CONT, not started again"),
	CALL('r', NULL, add, NULL, "restart: as down, then up"),
	CALL('o', NULL, add, NULL, "once: start it, not again when it ends"),
	CALL('x', NULL, add, NULL, "exit: supervise ends when the service is down"),
	CALL('p', NULL, add, NULL, "pause: STOP"),
	CALL('c', NULL, add, NULL, "continue: CONT"),
	CALL('h', NULL, add, NULL, "HUP"),
	CALL('a', NULL, add, NULL, "ALRM"),
	CALL('i', NULL, add, NULL, "INT"),
	CALL('t', NULL, add, NULL, "TERM"),
	CALL('q', NULL, add, NULL, "QUIT"),
	CALL('k', NULL, add, NULL, "KILL"),
	CALL('1', NULL, add, NULL, "USR1"),
	CALL('U', NULL, add, NULL, "USR1"),
	CALL('2', NULL, add, NULL, "USR2"),
	CALL('G', NULL, add, NULL, "the next signal goes to the process group"),
	CALL('w', NULL, wait_for, NULL, "wait until it is up"),
	CALL('W', NULL, wait_for, NULL, "wait until it is down"),
	NUM('T', NULL, &timeout, "SECS", "wait no longer than this"),
	OPTS_END
};

static volatile sig_atomic_t expired;

/* Again a second later: the first signal may come just before the wait begins. */
static void expire(int sig)
{
	(void)sig;
	expired = 1;
	clock_alarm(1);
}

static bool is_directory(const char *dir)
{
	struct stat st;

	if (file_stat(dir, &st) < 0)
		return false;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode) && file_access(dir, X_OK);
}

/* The words of somebody who reads them: no line end yet. */
static void say(const char *fmt, const char *arg)
{
	struct buf b = BUF_INIT;

	buf_fmt(&b, "%s%s", fmt, arg);
	fd_write_all(2, b.p, b.n);
	buf_free(&b);
}

static int await(const char *dir, const char *path)
{
	bool up = strcmp(waiting, "up") == 0;

	say("waiting for ", dir);
	say(up ? " to be up ... " : " to be down ... ", "");
	expired = 0;
	if (timeout > 0) {
		sig_catch(SIGALRM, expire);
		clock_alarm((unsigned)timeout);
	}
	while (state_wait(path, waiting) < 0) {
		if (errno == EINTR && !expired)
			continue;
		clock_alarm(0);
		say(expired ? "timed out\n" : "failed\n", "");
		return expired ? TIMED_OUT : 111;
	}
	clock_alarm(0);
	say("ok\n", "");
	return 0;
}

/* Why no command could be sent. */
static int refused(const char *dir, const char *path, int num)
{
	if (num == ENXIO) {
		log_warn("unable to control %s: supervise not running", dir);
		return NOT_RUNNING;
	}
	if (num == ENOENT && state_run() && !file_exists(path))
		log_warn("No run state information for %s: %s", dir, log_errno(num));
	else
		log_warn("unable to control %s: %s", dir, log_errno(num));
	return NO_CONTROL;
}

static int control(const char *dir, struct buf *path)
{
	struct err e = {0};

	if (!is_directory(dir)) {
		log_warn("unable to chdir to %s: %s", dir, log_errno(errno));
		return 111;
	}
	if (state_find(dir, path, &e) < 0) {
		log_warn("unable to control %s: %s", dir, log_err(&e));
		return 111;
	}
	if (state_command(path->p, str_z(letters)) < 0)
		return refused(dir, path->p, errno);
	return 0;
}

static int svc_main(int argc, char **argv)
{
	struct buf path = BUF_INIT;
	int code = 0;

	if (argc < 2 || timeout < 0 || timeout > INT32_MAX)
		die_usage();
	sig_ignore(SIGPIPE);
	for (int i = 1; i < argc; i++) {
		int r = control(argv[i], &path);

		if (r == 0 && waiting) {
			if (strpbrk(letters, "udr"))
				clock_sleep_ms(SETTLE_MS);
			r = await(argv[i], path.p);
		}
		if (r)
			code = r;
	}
	buf_free(&path);
	return code;
}

APPLET(svc) = {
	.name = "svc", .family = "svc",
	.brief = "send commands to services",
	.args = "dir ...", .opts = opts, .role = AS_CALLER, .main = svc_main,
};
