/* tree - supervision of a set of children; see tree.h. */
#include "core/app/tree.h"

#include <errno.h>
#include <signal.h>

#include "core/app/log.h"
#include "core/base/buf.h"
#include "core/base/num.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "core/sys/idle.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

enum { RESTART_MS = 1000, STUCK_MS = 1000, LOOK_MS = 1000, REST_MS = 3600000 };
static const int waited[] = {SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGUSR1, SIGUSR2, SIGCHLD};
enum { WAITED = sizeof waited / sizeof *waited };

void tree_block_signals(void)
{
	for (int i = 0; i < WAITED; i++)
		sig_block(waited[i]);
}

static void say(const struct tree *t, const struct service *s, pid_t pid, const char *what)
{
	if (t->program)
		log_line("info: %s: pid %ld, %s %s", t->program, (long)pid, s->name, what);
}

static void start_due(struct tree *t)
{
	long long now = clock_mono_ms();
	struct err e = {0};

	for (size_t i = 0; i < t->n; i++) {
		struct service *s = &t->services[i];

		if (s->pid || s->rest || s->due > now)
			continue;
		s->pid = s->start(s, &e);
		s->since = now;
		if (s->pid < 0) {
			log_warn("unable to start %s: %s", s->name, log_err(&e));
			s->pid = 0;
			s->due = now + RESTART_MS;
		} else {
			say(t, s, s->pid, "started");
		}
	}
}

/* Never faster than once a second: a service that dies at once waits for the rest of it. */
static void reap(struct tree *t)
{
	int status;
	pid_t pid;

	while ((pid = proc_wait(-1, &status, true)) > 0)
		for (size_t i = 0; i < t->n; i++) {
			struct service *s = &t->services[i];

			if (s->pid != pid)
				continue;
			s->pid = 0;
			s->due = s->since + RESTART_MS;
			say(t, s, pid, proc_crashed(status) ? "killed" : "died");
		}
}

static void signal_all(struct tree *t, int sig)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->services[i].pid)
			proc_kill(t->services[i].pid, sig);
}

static long next_ms(const struct tree *t)
{
	long long now = clock_mono_ms(), next = now + (t->idle || t->done ? LOOK_MS : REST_MS);

	for (size_t i = 0; i < t->n; i++)
		if (!t->services[i].pid && !t->services[i].rest && t->services[i].due < next)
			next = t->services[i].due;
	return next > now ? (long)(next - now) : 0;
}

static int highest_stage(const struct tree *t)
{
	int stage = -1;

	for (size_t i = 0; i < t->n; i++)
		if (t->services[i].pid && t->services[i].stage > stage)
			stage = t->services[i].stage;
	return stage;
}

/* TERM stage by stage; each ends before the next begins, all within stop_ms. */
static int stop(struct tree *t)
{
	long long end = clock_mono_ms() + t->stop_ms;
	int stage;

	while ((stage = highest_stage(t)) >= 0) {
		for (size_t i = 0; i < t->n; i++)
			if (t->services[i].pid && t->services[i].stage == stage)
				proc_kill(t->services[i].pid, SIGTERM);
		while (highest_stage(t) == stage) {
			long long left = t->stop_ms ? end - clock_mono_ms() : 1000;

			if (left <= 0)
				return 111;
			sig_wait(waited, WAITED, (long)left);
			reap(t);
		}
	}
	return 0;
}

/* A signal, 0 when time is up or one of fds has something. */
static int wait_signal(const struct tree *t, int signals)
{
	enum { FDS_MAX = 64 };
	struct pollfd p[FDS_MAX + 1] = {{signals, POLLIN, 0}};
	size_t n = t->nfds < FDS_MAX ? t->nfds : FDS_MAX;

	if (signals < 0 || !n)
		return idle_sig_wait(waited, WAITED, next_ms(t));
	for (size_t i = 0; i < n; i++)
		p[i + 1] = t->fds[i];
	idle_poll(p, n + 1, (int)next_ms(t));
	return sig_wait(waited, WAITED, 0);
}

int tree_run(struct tree *t)
{
	tree_block_signals();
	int signals = t->idle ? sig_fd(waited, WAITED) : -1;

	for (;;) {
		start_due(t);
		int sig = wait_signal(t, signals);

		reap(t);
		if (t->idle)
			t->idle(t->idle_arg);
		if (sig == SIGTERM || (sig == SIGINT && !t->pass_signals) || (t->done && t->done(t->idle_arg)))
			return stop(t);
		if (sig > 0 && sig != SIGCHLD && t->pass_signals)
			signal_all(t, sig);
	}
}

/* Every direct child, adopted ones included (Linux: /proc/self/task/PID/children). */
static void signal_children(int sig)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	uint64_t pid;

	buf_fmt(&fn, "/proc/self/task/%ld/children", (long)proc_pid());
	if (file_slurp(fn.p, &text, 1 << 20) == 0) {
		for (struct str rest = buf_str(&text), w; (w = str_word(&rest)).n; )
			if (num_parse(w, 1 << 30, &pid))
				proc_kill((pid_t)pid, sig);
	} else if (proc_pid() == 1) {
		proc_kill(-1, sig);	/* everybody there is */
	}
	buf_free(&fn);
	buf_free(&text);
}

void tree_end_all(long wait_ms)
{
	long long end = clock_mono_ms() + wait_ms;
	int status;
	pid_t pid;

	signal_children(SIGTERM);
	while ((pid = proc_wait(-1, &status, true)) >= 0 && clock_mono_ms() < end + STUCK_MS) {
		if (pid > 0)
			continue;
		if (clock_mono_ms() >= end)
			signal_children(SIGKILL);
		clock_nap_ms(10);
	}
}
