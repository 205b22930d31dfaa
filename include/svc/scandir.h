/* scandir - the directory of services: which it is, what is in it, which svscan runs it (svscan(8)). */
#ifndef SVC_SCANDIR_H
#define SVC_SCANDIR_H

#include <sys/types.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/vec.h"

/* named unless it is NULL, else INDIMAIL_ROOT/service, control/servicedir.conf, /service; without slashes at the end. */
int scandir_choose(const char *named, struct buf *dir, struct err *e);

struct service_names {
	VEC(char *) list;
};
/* Names of all service directories (links followed), sorted; those that begin with a dot only with hidden, .svscan
 * never.  Free with scandir_free. */
int scandir_list(const char *dir, bool hidden, struct service_names *names, struct err *e);
/* The services (mains), and their loggers as NAME/log after .svscan/log (logs); those with a dot are left out. */
int scandir_services(const char *dir, bool mains, bool logs, struct service_names *names, struct err *e);
void scandir_free(struct service_names *names);

/* The svscan of dir: 1 with its pid and when it started, 0 none is running, -1 error. */
int scandir_svscan(const char *dir, pid_t *pid, time_t *since, struct err *e);
/* Become the svscan of the current directory: write the pid file, below the run directory or here, and hold its lock.
 * 0; -1 when another one is running (class ERR_PERM), or the file cannot be had. */
int scandir_claim(struct err *e);
/* Remove the pid file. */
void scandir_leave(void);
/* The path of svscan's pid file: in the run directory, or in dir. */
void scandir_pidfile(const char *dir, struct buf *fn);

#endif
