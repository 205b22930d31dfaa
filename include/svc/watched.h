/* watched - the process a supervise watches: which one it is, what svstat sees of it, signals to it (supervise(8)). */
#ifndef SVC_WATCHED_H
#define SVC_WATCHED_H

#include <sys/types.h>

#include "svc/keep.h"

struct watched {
	struct keep keep;
	struct status status;
	pid_t pid;		/* 0: none */
	int watch;		/* its pidfd when it is not our child, else -1 */
	bool taken_over;	/* from a supervise that was killed: not our child */
	bool leads_group;	/* signals go to its process group ... */
	pid_t group;		/* ... which has the number of the process that was started */
	bool to_group;		/* the next signal goes to the process group as well */
};

/* Write the status: 0, -1 with errno. */
int watched_announce(struct watched *w);
/* Another process, or none (0), is the service from now on. */
int watched_change(struct watched *w, pid_t pid);
/* Show a wish: 'u', 'd', or 0 for once. */
int watched_want(struct watched *w, char what);
/* Watch what a former supervise has left running. */
void watched_take_over(struct watched *w, const struct keep_left *left);
/* Whether a process taken over has ended, where the kernel has no descriptor for that. */
bool watched_gone(const struct watched *w);

/* To the process group, and to the process unless it is in there. */
void watched_signal(struct watched *w, int sig);
/* SHUTDOWN_SIGNAL or TERM, and CONT. */
void watched_end(struct watched *w);

#endif
