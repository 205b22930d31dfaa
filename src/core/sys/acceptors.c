/* acceptors - a pool that accepts by itself; see acceptors.h.
 *
 * Each process has a place in common memory that says what it does.  One that finds, having taken a connection, that
 * nobody waits any more tells the parent, which starts another.  Two that do so at the same time both tell, at
 * worst: the places are written before they are read. */
#include "core/sys/acceptors.h"

#include <errno.h>
#include <stdatomic.h>

#include "core/base/mem.h"
#include "core/sys/fd.h"
#include "core/sys/idle.h"
#include "core/sys/local.h"
#include "core/sys/proc.h"
#include "core/sys/share.h"
#include "core/sys/sig.h"
#include "core/sys/workers.h"

enum {
	LISTEN = 3, NOTES = 4, OWN,	/* a process's own descriptors; above them those of a connection */
	CONNECTIONS = 500,	/* after which a process ends, whatever memory it has gathered with it */
	IDLE_MS = 5000,		/* a process that waits longer ends */
	PAUSE_MS = 200,		/* when the system lacks something */
};

enum { FREE, WAITING, BUSY, LEAVING };

struct pool {
	const struct acceptors *a;
	int listening, signals, notes[2];
	_Atomic unsigned char *places;
	pid_t *pids;		/* the parent's: who has which place */
};

static int count(const struct pool *p, int what)
{
	int n = 0;

	for (int i = 0; i < p->a->max; i++)
		n += p->places[i] == what;
	return n;
}

/* ---- in a process of the pool ------------------------------------------------------------------ */

static int next_connection(void)
{
	for (;;) {
		int sock = local_accept(LISTEN);

		if (sock >= 0 || errno == EAGAIN || errno == EINVAL)
			return sock;	/* or nothing has come, or nothing will */
		if (errno != EINTR && errno != ECONNABORTED)
			fd_poll(NULL, 0, PAUSE_MS);
	}
}

static void serve(const struct pool *p, int place) __attribute__((noreturn));
static void serve(const struct pool *p, int place)
{
	for (int i = 0; i < CONNECTIONS; i++) {
		p->places[place] = WAITING;
		int sock = next_connection();

		if (sock < 0)
			break;
		p->places[place] = BUSY;
		if (count(p, WAITING) == 0)
			fd_write(NOTES, "", 1);
		workers_next_job();
		p->a->run(sock);
		fd_close_from(OWN);
	}
	p->places[place] = LEAVING;
	proc_exit(0);
}

static void become(const struct pool *p, int place) __attribute__((noreturn));
static void become(const struct pool *p, int place)
{
	int listening = fd_dup_above(p->listening, OWN), notes = fd_dup_above(p->notes[1], OWN);

	sig_reset();
	sig_ignore(SIGPIPE);
	if (listening < 0 || notes < 0 || fd_copy(LISTEN, listening) < 0 || fd_copy(NOTES, notes) < 0 ||
		fd_cloexec(LISTEN, true) < 0 || fd_cloexec(NOTES, true) < 0 || fd_null(0) < 0 || fd_copy(1, 0) < 0)
		proc_exit(111);
	fd_close_from(OWN);
	serve(p, place);
}

/* ---- in the parent ----------------------------------------------------------------------------- */

/* Somebody should be waiting. */
static int start(struct pool *p, struct err *e)
{
	int place = 0;

	while (place < p->a->max && p->places[place] != FREE)
		place++;
	if (place == p->a->max)
		return 0;	/* one of them will */
	p->places[place] = WAITING;	/* already now: one is enough */
	sig_hold();
	pid_t pid = proc_fork();

	if (pid == 0)
		become(p, place);
	sig_release();
	if (pid < 0) {
		p->places[place] = FREE;
		return err_temp(e, errno, "unable to fork");
	}
	p->pids[place] = pid;
	return 0;
}

static void reap(struct pool *p)
{
	int status;
	pid_t pid;

	while ((pid = proc_wait(-1, &status, true)) > 0)
		for (int i = 0; i < p->a->max; i++)
			if (p->pids[i] == pid) {
				p->pids[i] = 0;
				p->places[i] = FREE;
			}
}

/* The signals that have come: true for SIGTERM. */
static bool signals(struct pool *p)
{
	bool term = false;
	char sig;

	while (fd_read(p->signals, &sig, 1) == 1)
		term = term || sig == SIGTERM;
	reap(p);
	return term;
}

static void take_notes(struct pool *p)
{
	char block[64];

	while (fd_read(p->notes[0], block, sizeof block) > 0)
		;
}

static void loop(struct pool *p)
{
	for (;;) {
		bool alone = count(p, WAITING) + count(p, BUSY) == 0;
		struct pollfd fds[] = {{p->signals, POLLIN, 0}, {p->notes[0], POLLIN, 0}, {p->listening, POLLIN, 0}};
		struct err e = {0};

		idle_poll(fds, alone ? 3 : 2, -1);
		if (fds[0].revents && signals(p))
			return;
		if (fds[1].revents)
			take_notes(p);
		if (alone ? !fds[2].revents : count(p, WAITING) > 0 || count(p, BUSY) == 0)
			continue;
		if (start(p, &e) < 0) {
			p->a->trouble(&e);
			fd_poll(fds, 1, PAUSE_MS);
		}
	}
}

int acceptors_run(const struct acceptors *a, int listening, struct err *e)
{
	struct pool p = {.a = a, .listening = listening};

	p.signals = sig_pipe((int[]){SIGTERM, SIGCHLD}, 2);
	p.places = share_memory((size_t)a->max);
	if (p.signals < 0 || !p.places || fd_pipe(p.notes) < 0)
		return err_temp(e, errno, "unable to prepare for connections");
	fd_nonblock(p.notes[0], true);
	fd_nonblock(p.notes[1], true);
	fd_timeout(listening, IDLE_MS);
	p.pids = mem_alloc((size_t)a->max * sizeof *p.pids);
	loop(&p);
	local_refuse(listening);	/* who waits for a connection sees that none will come */
	mem_free(p.pids);
	return 0;
}
