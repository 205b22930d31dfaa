/* pw - accounts.  Reads /etc/passwd and /etc/group itself (static builds stay independent of NSS);
 * built with -Dnss=true it asks the C library. */
#ifndef CORE_SYS_PW_H
#define CORE_SYS_PW_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

struct pw {
	uid_t uid;
	gid_t gid;
	char name[64];
	char home[512];
};

/* 1 found, 0 no such account, -1 the account file is unreadable (errno). */
int pw_name(struct str name, struct pw *out);
int pw_uid(uid_t uid, struct pw *out);
/* The account of this name, or an error that says what is wrong with it. */
int pw_account(const char *name, struct pw *out, struct err *e);
/* gid of a group: 1, 0, -1 as above. */
int pw_group(struct str name, gid_t *gid);
/* The groups an account belongs to, its own first.  Returns how many were stored (at most max), -1 on error. */
int pw_groups(struct str name, gid_t own, gid_t *out, int max);

#endif
