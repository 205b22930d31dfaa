/* instance - everything a mail system needs below one directory: control files, users, queues,
 * certificate place, run.  Creates what is missing and never changes what is there, so that a file a
 * person edited stays as it is; only paths of the place where the instance was before are led here. */
#ifndef QUEUE_INSTANCE_H
#define QUEUE_INSTANCE_H

#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "queue/create.h"

struct instance {
	const char *root;		/* absolute */
	const char *domain;		/* for a new instance; NULL: host name */
	struct str mailboxes;		/* blank-separated names to have a Maildir; may be empty */
	struct queue_owners owners;
	uid_t key_owner;		/* who may read private keys when owners are set: root, and the */
	gid_t key_group;		/* group qcerts, or the network daemons' own account */
	uid_t user;			/* who owns mailboxes and the alias directory */
	gid_t user_gid;
	const char *user_name;
	long queues;
	bool small;			/* one queue instead, qmta, whose send is the queue's owner */
};

/* Point the environment (CONTROLDIR, QUEUE_BASE ...) at the instance, unless a variable is set. */
void instance_environment(const struct instance *i);
int instance_create(const struct instance *i, struct err *e);

#endif
