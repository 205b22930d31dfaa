/* halt - ask a supervise to end; for those who keep supervises of their own (spipe, multipipe). */
#ifndef SVC_HALT_H
#define SVC_HALT_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/str.h"

/* Send command bytes to the supervise of dir; TERM to pid when it does not listen (yet).  pid 0: no such
 * process. */
void halt_send(const char *dir, pid_t pid, struct str bytes);
/* Tell every supervise of a scan directory, loggers included, to stop its service and end: 0, -1 no such
 * directory. */
int halt_all(const char *scandir, struct err *e);
/* Wait until no supervise of scandir listens any more, at most ms milliseconds: true when it is so. */
bool halt_wait(const char *scandir, long ms);

#endif
