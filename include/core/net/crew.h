/* crew - the processes that serve connections, one each: forked children, or workers that serve one after another. */
#ifndef CORE_NET_CREW_H
#define CORE_NET_CREW_H

#include "core/net/admit.h"
#include "core/sys/workers.h"

struct crew {
	struct seats *seats;
	struct workers workers;		/* used when they are open */
	void (*serve)(int s, const struct arrival *j);	/* in a forked child; does not return */
	void (*ended)(pid_t pid, int status);		/* a connection is over; a wait status */
};

/* Let somebody serve the connection, which stays the caller's to close: 0; -1 with e, and nobody does. */
int crew_serve(struct crew *c, int s, struct arrival *j, struct err *e);
/* Hear which workers have finished a connection: to be called when the workers' notes are readable. */
void crew_notes(struct crew *c);
/* Wait for the processes that have ended: after SIGCHLD. */
void crew_reap(struct crew *c);

#endif
