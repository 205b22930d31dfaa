/* state - where the state of a service lies, and talking to its supervise.
 * It is DIR/supervise when that is there, else /run/svscan/NAME/supervise (or /var/run/svscan), NAME being the last
 * component of DIR; a logger DIR/log has NAME/log/supervise (supervise(8)). */
#ifndef SVC_STATE_H
#define SVC_STATE_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "svc/status.h"

/* /run/svscan, or /var/run/svscan where there is no /run; NULL with DISABLE_RUN or without either.  It need not exist. */
const char *state_run(void);
/* NAME or PARENT/log of a service directory as the caller named it (".", "log", "/service/x/log"). */
int state_name(const char *dir, struct buf *name, struct err *e);
/* The path of the supervise directory of service dir; where neither place has one, dir's own.  It need not exist. */
int state_find(const char *dir, struct buf *path, struct err *e);

/* 1 a supervise is running, 0 none is (errno ENOENT or ENXIO), -1 error (errno).  path is what state_find gave. */
int state_ok(const char *path);
/* supervise/status: 0, or -1 with the reason ("bad format" has num 0 and class ERR_PERM). */
int state_read(const char *path, struct status *s, struct err *e);
/* Send command bytes: 0, -1 with errno (ENXIO, ENOENT: no supervise). */
int state_command(const char *path, struct str bytes);
/* Open the FIFO path/name, which supervise reads while the service is up ("up") or down on request ("dn"):
 * 1 it is so now, 0 not, -1 error. */
int state_reached(const char *path, const char *name);

/* Wait until that is so; a signal ends the wait with EINTR.  0, or -1 with errno. */
int state_wait(const char *path, const char *name);

#endif
