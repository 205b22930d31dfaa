/* accounts - the users and groups of the platform, written into the account files below a root directory.
 * Each file is replaced whole; lines that are there already stay as they are. */
#ifndef SVC_ACCOUNTS_H
#define SVC_ACCOUNTS_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct account {
	const char *user, *group;
	const char *home;	/* NULL: the log directory */
	const char *extra;	/* one more group, or NULL */
};
extern const struct account accounts[];		/* ends with user NULL */
extern const char *const accounts_groups[];	/* ends with NULL */

/* Add what is missing in root/etc/passwd and root/etc/group, with numbers free in both. */
int accounts_add(const char *root, const char *logdir, struct err *e);
/* Remove them again. */
int accounts_remove(const char *root, struct err *e);

#endif
