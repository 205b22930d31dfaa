/* role - which account a role is on this machine (DESIGN section 3). */
#ifndef CORE_APP_ROLE_H
#define CORE_APP_ROLE_H

#include <sys/types.h>

#include "core/app/applet.h"
#include "core/base/err.h"

/* Single-user: neither root (who can become others) nor one of the platform's accounts, so every role is the caller. */
bool role_single(void);
/* uid and gid of a role; single-user: our own. */
int role_ids(enum role role, uid_t *uid, gid_t *gid, struct err *e);
/* The account name of a role: "qmailq". */
const char *role_account(enum role role);
/* Root among the queue's accounts: its group, and its only one, is qmail's from now on, as lspawn needs no other.  Nothing
 * happens to anybody else. */
int role_group(struct err *e);
/* Become the role for ever (with its account's groups). */
int role_take(enum role role, struct err *e);

#endif
