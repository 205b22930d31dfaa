/* workers - processes that serve one job after another while there is work: a fork per job is what costs
 * most where jobs are short and need no other user than the parent's own.  A worker that dies in a job is as
 * good as a child that ended with it: its exit status is the job's. */
#ifndef CORE_SYS_WORKERS_H
#define CORE_SYS_WORKERS_H

#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/str.h"
#include "core/base/vec.h"

enum {
	WORKERS_FDS = 2,	/* descriptors a job may bring */
	WORKERS_KEEP = 6,	/* where a worker has what it shares with the others */
};

struct worker {
	pid_t pid;
	int sock;		/* jobs go down here */
	uint32_t kind;		/* of its last job */
	bool idle;
};

struct buf;
struct env_copy;
struct workers {
	/* Runs in the worker, in the environment the parent had at workers_open, signals and umask as they
	 * were then.  Places the n descriptors, which are above WORKERS_KEEP, and returns the job's exit code. */
	int (*run)(struct str text, const int *fds, int n);
	/* In a worker that ends, or drops what it holds; may be NULL. */
	void (*leave)(void);
	int keep;		/* a descriptor of ours that a worker finds at WORKERS_KEEP; 0 none */
	bool keep_stderr;	/* descriptor 2 is the parent's; else a job's own */
	int notes[2];		/* "worker PID is done, code C": poll notes[0] */
	struct env_copy *env;	/* NULL: not open */
	mode_t mask;
	VEC(struct worker) list;
};

/* How the text of a job may begin: whether the rest is what workers_put_aside was given (struct workers_aside first). */
struct workers_job {
	bool resumed;
	bool late;		/* ... and nothing has come in time */
};
struct workers_aside {
	long patience_ms;	/* how long to wait before the job is late */
	size_t farewell;	/* bytes behind this: what to tell the client when there is no going on */
};

enum { WORKERS_ASIDE = -1 };	/* in place of a wait status: the job was put aside */
/* In a job that is about to end: what is left of it, and a descriptor, go to the parent.  Its code counts for nothing. */
void workers_put_aside(struct str state, int fd);
/* After such a note: *state is replaced; the descriptor, or -1: the worker has died meanwhile. */
int workers_take_back(struct workers *w, pid_t pid, struct buf *state);

int workers_open(struct workers *w, struct err *e);
/* In a job: a descriptor stays open for the jobs that follow, one at a time, and has this number from now on.  -1: this is
 * no worker's job.  It is the job's again with workers_let_go, which does not close it. */
int workers_hold(int fd);
void workers_let_go(void);
/* How many jobs this process has been given, with the present one; 0: it is no worker. */
unsigned workers_job(void);
/* A process that is given its jobs otherwise (acceptors.h) has another one. */
void workers_next_job(void);
/* Give a job to an idle worker, one that had the same kind of job last if there is one, or start a worker: its pid, -1 with
 * e.  The descriptors stay ours too. */
pid_t workers_start(struct workers *w, struct str text, const int *fds, int n, uint32_t kind, struct err *e);
/* The next finished job: true with its worker and its code as a wait status. */
bool workers_note(struct workers *w, pid_t *pid, int *status);
/* This process has ended; true: within a job that nobody has told the end of. */
bool workers_gone(struct workers *w, pid_t pid);
/* Let all of them end, and wait for it. */
void workers_close(struct workers *w);

#endif
