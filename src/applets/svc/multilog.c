/* multilog - read lines, select some, append them to rotated logs.  Run behind a service by supervise, as
 * qmaill.  What it has read is written, or it waits until it can be; it ends when its input does or after
 * TERM. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/idle.h"
#include "core/sys/sig.h"
#include "svc/logscript.h"

/* Milliseconds.  GRACE: how long after TERM the rest of a line, a full disk or a processor is waited for. */
enum { GRACE = 5000, FIRST_PAUSE = 100, PAUSE = 5000, LONGEST_WAIT = 600000 };

static struct {
	int signals;		/* what has been caught is read from here */
	long long deadline;	/* after TERM, clock_mono_ms; 0: go on */
	bool rotate, suspend, child;
} now;

/* ---- signals */

static void take_signals(void)
{
	unsigned char sig;

	while (fd_read(now.signals, &sig, 1) == 1) {
		if (sig == SIGTERM && !now.deadline)
			now.deadline = clock_mono_ms() + GRACE;
		else if (sig == SIGALRM)
			now.rotate = true;
		else if (sig == SIGINT || sig == SIGHUP)
			now.suspend = sig == SIGINT;
		else if (sig == SIGCHLD)
			now.child = true;
	}
}

/* Milliseconds left after TERM, ms without it. */
static long allowed(long ms)
{
	long long left = now.deadline ? now.deadline - clock_mono_ms() : -1;

	if (!now.deadline)
		return ms;
	return left < 0 ? 0 : ms < 0 || left < ms ? (long)left : ms;
}

/* ---- what log directories ask for */

static void say(bool warning, int num, const char *text)
{
	log_line("%s: %s: %s%s%s", log_program(), warning ? "warning" : "info", text, num ? ": " : "",
		num ? log_errno(num) : "");
}

static bool pause_for(long ms)
{
	struct pollfd p = {now.signals, POLLIN, 0};

	if (fd_poll(&p, 1, (int)allowed(ms)) != 0)
		take_signals();
	return !now.deadline || clock_mono_ms() < now.deadline;
}

static pid_t run_processor(const char *command, const int *fds, struct err *e)
{
	char *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char *)(size_t)command, NULL};

	return run_start(argv, &(struct run){.fds = fds, .nfds = 6, .new_session = true}, e);
}

static const struct logdir_host host = {say, pause_for, run_processor};

/* A logger does not die for want of memory. */
static void wait_for_memory(size_t n)
{
	(void)n;
	clock_sleep_ms(1000);
}

/* ---- the loop */

/* Has a multiple of the script's seconds gone by since the last call? */
static bool clock_strikes(unsigned long every, time_t *slot)
{
	time_t t = every ? clock_now() / (time_t)every : 0;
	bool strikes = t != *slot;

	*slot = t;
	return strikes;
}

static long until_next(const struct logscript *s)
{
	long ms = logscript_wait(s), left = -1;

	if (s->rotate_every) {
		left = (long)(s->rotate_every - (unsigned long)clock_now() % s->rotate_every);
		left = left > LONGEST_WAIT / 1000 ? LONGEST_WAIT : left * 1000;
	}
	return ms < 0 || (left >= 0 && left < ms) ? left : ms;
}

static void work(struct logscript *s, time_t *slot)
{
	if (clock_strikes(s->rotate_every, slot) || now.rotate)
		logscript_rotate(s);
	if (now.child || logscript_wait(s) == 0)
		logscript_tend(s);
	now.rotate = now.child = false;
	s->suspended = now.suspend;
}

static bool hopeless(int num)
{
	return num == EBADF || num == EISDIR || num == EINVAL;
}

/* Reading failed (errno): one warning, then wait.  False: there is nothing to wait for. */
static bool read_trouble(bool *said)
{
	if (errno == EAGAIN)
		return true;
	if (hopeless(errno)) {
		log_warn("unable to read input: %s", log_errno(errno));
		return false;
	}
	if (!*said)
		say(true, errno, "unable to read input, pausing");
	bool go_on = pause_for(*said ? PAUSE : FIRST_PAUSE);

	*said = true;
	return go_on;
}

/* To the end of input, or of the line when TERM came.  0, or -1 when input cannot be read. */
static int read_lines(struct logscript *s)
{
	static char block[64 << 10];
	struct pollfd p[2] = {{0, POLLIN, 0}, {now.signals, POLLIN, 0}};
	bool midline = false, trouble = false;
	long rest = sizeof block;
	time_t slot = 0;
	ssize_t n;

	clock_strikes(s->rotate_every, &slot);
	while (!now.deadline || (midline && rest)) {
		p[0].revents = p[1].revents = 0;
		int ready = idle_poll(p, 2, (int)allowed(until_next(s)));

		if (p[1].revents)
			take_signals();
		/* after TERM: what is there of the line is taken, within reason, even when time is up */
		if (now.deadline)
			rest = ready == 0 && clock_mono_ms() >= now.deadline ? 0 : rest - 1;
		if (p[0].revents && (!now.deadline || midline)) {
			n = fd_read(0, block, now.deadline ? 1 : sizeof block);
			if (n == 0)
				return 0;
			if (n < 0 && !read_trouble(&trouble))
				return -1;
			if (n > 0) {
				logscript_feed(s, str_make(block, (size_t)n));
				midline = block[n - 1] != '\n';
				trouble = false;
			}
		}
		logscript_flush(s);
		work(s, &slot);
	}
	return 0;
}

static int multilog_main(int argc, char **argv)
{
	static const int caught[] = {SIGTERM, SIGALRM, SIGINT, SIGHUP, SIGCHLD};
	static struct logscript s;
	struct err e = {0};

	(void)argc;
	/* nothing of ours may become descriptor 0, 1 or 2 */
	if (!fd_open(0))
		die(111, "unable to read input: %s", log_errno(EBADF));
	for (int fd = 1; fd <= 2; fd++)
		if (!fd_open(fd))
			fd_null(fd);
	sig_ignore(SIGPIPE);
	file_umask(022);
	now.signals = sig_pipe(caught, sizeof caught / sizeof *caught);
	if (now.signals < 0)
		die(111, "unable to create pipe: %s", log_errno(errno));
	if (logscript_open(&s, argv + 1, !conf_set(CONF_NOFSYNC), &host, &e) < 0)
		die_err(&e);
	mem_exhausted = wait_for_memory;
	int r = read_lines(&s);
	uint64_t lost = logscript_close(&s);

	if (lost)
		die(111, "ended by TERM while writing was impossible: %llu bytes lost",
			(unsigned long long)lost);
	return r < 0 ? 111 : 0;
}

APPLET(multilog) = {
	.name = "multilog", .family = "svc",
	.brief = "append selected lines to rotated logs",
	.args = "[t] [action ...]", .role = AS_CALLER, .flags = APPLET_RAW, .main = multilog_main,
};
