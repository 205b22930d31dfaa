/* crew - who serves connections; see crew.h. */
#include "core/net/crew.h"

#include <errno.h>

#include "core/sys/proc.h"
#include "core/sys/sig.h"

static pid_t start(struct crew *c, int s, const struct arrival *j, struct err *e)
{
	if (c->workers.env)
		return workers_start(&c->workers, str_make((const char *)j, sizeof *j), &s, 1, e);
	sig_hold();
	pid_t pid = proc_fork();
	int num = errno;

	if (pid == 0) {
		sig_reset();
		c->serve(s, j);
		proc_exit(111);
	}
	sig_release();
	return pid < 0 ? err_temp(e, num, "unable to fork") : pid;
}

int crew_serve(struct crew *c, int s, struct arrival *j, struct err *e)
{
	j->seat = seats_take(c->seats, &j->peer.ip);
	if (j->seat < 0)
		return err_temp(e, EAGAIN, "no seat");
	pid_t pid = start(c, s, j, e);

	if (pid < 0) {
		seats_drop(c->seats, j->seat);
		return -1;
	}
	seats_owner(c->seats, j->seat, pid);
	return 0;
}

static void leave(struct crew *c, pid_t pid, int status)
{
	/* an idle worker has no connection */
	if (seats_leave(c->seats, pid))
		c->ended(pid, status);
}

void crew_notes(struct crew *c)
{
	pid_t pid;
	int status;

	while (c->workers.env && workers_note(&c->workers, &pid, &status))
		leave(c, pid, status);
}

void crew_reap(struct crew *c)
{
	pid_t pid;
	int status;

	while ((pid = proc_wait(-1, &status, true)) > 0) {
		crew_notes(c);	/* what a worker finished counts before its end */
		leave(c, pid, status);
		if (c->workers.env)
			workers_gone(&c->workers, pid);
	}
}
