/* standstill - stop services for a while, and start exactly those again (svps(8) -s, -r).  The memory of it
 * is /var/tmp/SCANDIR/NAME/down (an ordinary user's: /var/tmp/svps.UID/SCANDIR/NAME/down): it outlives a
 * restart of the machine. */
#ifndef SVC_STANDSTILL_H
#define SVC_STANDSTILL_H

#include "svc/report.h"

/* Stop the service when it is up: 1 stopped, 0 it was not up, -1.  dir must be absolute or becomes so. */
int standstill_stop(const char *dir, const char *name, const struct report *r, struct err *e);
/* Start it when it was stopped that way: 1 started, 0 it was not, -1. */
int standstill_resume(const char *dir, const char *name, struct err *e);

#endif
