/* keep - the state directory of a running supervise: lock, control, ok, status, up, dn (supervise(8)). */
#ifndef SVC_KEEP_H
#define SVC_KEEP_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "svc/status.h"

struct keep {
	struct buf dir;		/* what holds supervise/: below /run/svscan, or "." */
	int lock, control, control_writer, ok, status;
	int up, down;		/* the FIFOs up and dn, open while it is so; else -1 */
};

/* A service that a supervise killed outright has left running. */
struct keep_left {
	pid_t pid;		/* 0: none */
	struct status status;
};

/* Take the state directory of service name ("x" or "x/log"), whose directory is the current one: below the run
 * directory, or here where that is not to be had.  What is missing is created.  Exit code 100 in e: another supervise
 * has it.  *left is filled from what a former supervise wrote. */
int keep_open(struct keep *k, const char *name, struct keep_left *left, struct err *e);
/* Write the 21 bytes in place. */
int keep_announce(struct keep *k, const struct status *s);
/* Remember which process the service is, so that a successor can know it for certain. */
void keep_service(struct keep *k, pid_t pid);
/* Show waiting openers of up (dn) that the service is up (down on request), or no longer. */
void keep_show(struct keep *k, bool up, bool down);

#endif
