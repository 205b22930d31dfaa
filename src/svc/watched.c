/* watched - the process a supervise watches; see watched.h. */
#include "svc/watched.h"

#include <errno.h>
#include <signal.h>

#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"

enum { SIGNAL_MAX = 64 };

int watched_announce(struct watched *w)
{
	w->status.pid = (uint32_t)(w->pid ? w->pid : proc_pid());
	w->status.up = w->pid != 0;
	return keep_announce(&w->keep, &w->status);
}

static void show(struct watched *w)
{
	keep_show(&w->keep, w->pid != 0, !w->pid && w->status.want == 'd');
}

int watched_change(struct watched *w, pid_t pid)
{
	time_t sec;
	long usec;

	clock_us(&sec, &usec);
	if (!pid) {
		fd_close(w->watch);
		w->watch = -1;
		w->taken_over = false;
	}
	w->pid = pid;
	w->status.since = sec;
	w->status.nsec = (uint32_t)(1000 * usec + 500);
	w->status.paused = false;
	if (pid)
		w->status.wait = 0;
	show(w);
	return watched_announce(w);
}

int watched_want(struct watched *w, char what)
{
	w->status.want = what;
	show(w);
	return watched_announce(w);
}

void watched_take_over(struct watched *w, const struct keep_left *left)
{
	w->status = left->status;
	w->status.wait = 0;
	w->pid = w->group = left->pid;
	w->taken_over = true;
	w->watch = proc_watch(w->pid);
	show(w);
}

bool watched_gone(const struct watched *w)
{
	return w->taken_over && w->watch < 0 && proc_kill(w->pid, 0) < 0 && errno == ESRCH;
}

void watched_signal(struct watched *w, int sig)
{
	bool reached = false;

	if (!w->pid)
		return;
	if (w->leads_group || w->to_group)
		reached = proc_kill_group(w->leads_group ? w->group : w->pid, sig) == 0 && w->leads_group;
	if (!reached && w->watch >= 0)
		proc_watched_kill(w->watch, sig);
	else if (!reached)
		proc_kill(w->pid, sig);
	w->to_group = false;
}

void watched_end(struct watched *w)
{
	long sig = SIGTERM;
	bool group = w->to_group;

	if (conf_int(CONF_SHUTDOWN_SIGNAL, &sig, NULL) < 0 || sig < 1 || sig > SIGNAL_MAX)
		sig = SIGTERM;
	watched_signal(w, (int)sig);
	w->to_group = group;
	watched_signal(w, SIGCONT);
}
