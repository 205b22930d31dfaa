/* mailservices - the service directories of a mail system below one directory; see up(8). */
#ifndef SVC_MAILSERVICES_H
#define SVC_MAILSERVICES_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"

/* Where the listening sockets lie: the SMTP servers have them from svscan. */
enum { MAILSERVICES_SMTP = 3, MAILSERVICES_SMTPS = 4 };

struct mailservices {
	const char *root;		/* absolute */
	bool small;			/* qmta-send in place of qscheduler */
	bool smtps;			/* SMTP within TLS is served, too */
	bool dynamic;			/* the number of queues changes */
	bool log_to_files;		/* every service has a logger */
	bool single;			/* all belongs to one user: nobody becomes another */
	uid_t log_user;			/* whom, else, the files of loggers belong to */
	gid_t log_group;
};

/* Make what is missing below root/service, and take down what an earlier start had that is not wanted now.  Files that are
 * there are the administrator's; only a run file of qscheduler that nobody has edited follows m->dynamic.
 * 0 or -1. */
int mailservices_make(const struct mailservices *m, struct err *e);

/* Whether svscan itself has a logger. */
bool mailservices_logged(const struct mailservices *m);

#endif
