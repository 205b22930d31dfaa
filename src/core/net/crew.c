/* crew - who serves connections; see crew.h. */
#include "core/net/crew.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/ready.h"
#include "core/sys/sig.h"

static pid_t give_job(struct crew *c, struct workers_job how, const void *p, size_t n, int s, struct err *e)
{
	struct buf b = BUF_INIT;

	buf_put(&b, &how, sizeof how);
	buf_put(&b, p, n);
	pid_t pid = workers_start(&c->workers, buf_str(&b), &s, 1, 0, e);

	buf_free(&b);
	return pid;
}

static pid_t start(struct crew *c, int s, const struct arrival *j, struct err *e)
{
	if (c->workers.env)
		return give_job(c, (struct workers_job){false, false}, j, sizeof *j, s, e);
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

/* ---- silent clients ------------------------------------------------------------------------------ */

static void forget(struct crew *c, struct parked *p)
{
	c->parked.p[p->seat] = NULL;
	c->waiting--;
	ready_forget(c->set, p->fd);	/* a worker may have it open, too */
	fd_close(p->fd);
	buf_free(&p->state);
	mem_free(p);
}

/* Keep what a worker has put aside, until its client says something. */
static void park(struct crew *c, pid_t pid)
{
	struct parked *p = mem_alloc(sizeof *p);
	struct workers_aside head;

	*p = (struct parked){.seat = seats_orphan(c->seats, pid), .state = BUF_INIT};
	p->fd = workers_take_back(&c->workers, pid, &p->state);
	if (c->set <= 0)
		c->set = ready_open();
	bool good = p->seat >= 0 && p->fd >= 0 && p->state.n >= sizeof head && c->set > 0 &&
		ready_watch(c->set, p->fd, POLLIN, (uint64_t)p->seat) == 0;

	if (!good) {
		if (p->seat >= 0)
			seats_drop(c->seats, p->seat);
		fd_close(p->fd);
		buf_free(&p->state);
		mem_free(p);
		return;
	}
	memcpy(&head, p->state.p, sizeof head);
	p->end = clock_mono_ms() + head.patience_ms;
	while (c->parked.n <= (size_t)p->seat)
		vec_push(&c->parked, NULL);
	c->parked.p[p->seat] = p;
	c->waiting++;
}

static void take_up(struct crew *c, struct parked *p, bool late)
{
	pid_t pid = give_job(c, (struct workers_job){true, late}, p->state.p, p->state.n, p->fd, NULL);

	if (pid > 0)
		seats_owner(c->seats, p->seat, pid);
	else
		seats_drop(c->seats, p->seat);
	forget(c, p);
}

void crew_wake(struct crew *c)
{
	static long long next;
	struct ready out[READY_MAX];
	long long now = clock_mono_ms();
	int n = c->waiting ? ready_wait(c->set, out, 0) : 0;

	for (int i = 0; i < n; i++)
		if (out[i].who < c->parked.n && c->parked.p[out[i].who])
			take_up(c, c->parked.p[out[i].who], false);
	if (now < next)
		return;
	next = now + 1000;
	for (size_t i = 0; c->waiting && i < c->parked.n; i++)
		if (c->parked.p[i] && c->parked.p[i]->end <= now)
			take_up(c, c->parked.p[i], true);
}

void crew_farewell(struct crew *c)
{
	struct workers_aside head;

	for (size_t i = 0; i < c->parked.n; i++) {
		struct parked *p = c->parked.p[i];

		if (!p)
			continue;
		memcpy(&head, p->state.p, sizeof head);
		if (head.farewell <= p->state.n - sizeof head)
			fd_write_now(p->fd, p->state.p + sizeof head, head.farewell);
		seats_drop(c->seats, p->seat);
		forget(c, p);
	}
}

/* ---- processes ----------------------------------------------------------------------------------- */

void crew_notes(struct crew *c)
{
	pid_t pid;
	int status;

	while (c->workers.env && workers_note(&c->workers, &pid, &status)) {
		if (status == WORKERS_ASIDE)
			park(c, pid);
		else
			leave(c, pid, status);
	}
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
