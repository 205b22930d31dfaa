/* workers - delivery processes that serve one delivery after another while there is work.
 * Only for deliveries that need no other user than the spawner's own: a fork per delivery is what costs
 * most in a single-user instance.  A worker that dies in a delivery is as good as a child that ended
 * with it: its exit status is the delivery's. */
#ifndef QUEUE_WORKERS_H
#define QUEUE_WORKERS_H

#include "core/base/vec.h"
#include "core/sys/env.h"
#include "queue/spawner.h"

struct worker {
	pid_t pid;
	int sock;	/* jobs go down here */
	bool idle;
	long long since;	/* when it became idle, clock_mono_ms */
};

struct workers {
	/* Runs in the worker: descriptors 0, 1, 2 and the environment are the delivery's.  Its exit code. */
	int (*run)(const struct spawner_job *job);
	int notes[2];	/* "worker PID is done, code C" */
	struct env_copy *env;	/* as the spawner was started */
	VEC(struct worker) list;
};

int workers_open(struct workers *w, struct err *e);
/* Give the job to an idle worker, or start one: the worker's pid, -1 with e. */
pid_t workers_start(struct workers *w, const struct spawner_job *job, int report, struct err *e);
/* The next finished delivery: true with its worker and code as a wait status. */
bool workers_note(struct workers *w, pid_t *pid, int *status);
/* This process has ended. */
void workers_gone(struct workers *w, pid_t pid);
/* Let all of them end. */
void workers_close(struct workers *w);

#endif
