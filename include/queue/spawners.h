/* spawners - the two spawners of send: there from the start, or started when there is something to deliver and ended when
 * there has been nothing for a while. */
#ifndef QUEUE_SPAWNERS_H
#define QUEUE_SPAWNERS_H

#include "queue/sched.h"

struct spawners {
	/* Start the spawner of a channel: its descriptors, -1 with errno.  NULL: they are there from the start. */
	int (*start)(int chan, int *out, int *in);
	int out[CHANS], in[CHANS];	/* -1: does not run */
	long long at[CHANS];		/* when it was last wanted, or may be started again; clock_mono_ms */
};

/* Set the scheduler's slots by the limits of the spawners; false: one is gone. */
bool spawners_open(struct spawners *p, struct sched *s);
/* Start and end what is due.  To be called every second while spawners_active. */
void spawners_look(struct spawners *p, struct sched *s);
bool spawners_active(const struct spawners *p, const struct sched *s);

#endif
