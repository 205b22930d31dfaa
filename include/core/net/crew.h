/* crew - the processes that serve connections, one each: forked children, or workers that serve one after another. */
#ifndef CORE_NET_CREW_H
#define CORE_NET_CREW_H

#include "core/net/admit.h"
#include "core/sys/workers.h"

/* A connection whose client is silent, between two workers. */
struct parked {
	int fd, seat;
	long long end;		/* when its client has been silent for too long */
	struct buf state;	/* begins with struct workers_aside and the farewell */
};

struct crew {
	struct seats *seats;
	struct workers workers;		/* used when they are open */
	int set;			/* of parked connections (ready.h); 0 none yet */
	VEC(struct parked *) parked;	/* by seat; NULL elsewhere */
	size_t waiting;
	void (*serve)(int s, const struct arrival *j);	/* in a forked child; does not return */
	void (*ended)(pid_t pid, int status);		/* a connection is over; a wait status */
};

/* Let somebody serve the connection, which stays the caller's to close: 0; -1 with e, and nobody does. */
int crew_serve(struct crew *c, int s, struct arrival *j, struct err *e);
/* Hear which workers have finished a connection: to be called when the workers' notes are readable. */
void crew_notes(struct crew *c);
/* Take up what has something to say or has waited for too long: when set is readable, and once in a while. */
void crew_wake(struct crew *c);
/* Tell everybody who is parked to go away. */
void crew_farewell(struct crew *c);
/* Wait for the processes that have ended: after SIGCHLD. */
void crew_reap(struct crew *c);

#endif
