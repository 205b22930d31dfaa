/* envrules - what rule files change for one transaction of an SMTP session: from.envrules at MAIL, domainqueue
 * at RCPT, auth.envrules at DATA (policy reference 1.9 to 1.11 and 2.8).  Their variables hold until the transaction ends;
 * without such files nothing is done. */
#ifndef CORE_SMTP_ENVRULES_H
#define CORE_SMTP_ENVRULES_H

#include "core/smtp/session.h"

/* Each logs the rule that applied: 0, or -1 with e when a file is unreadable.  MAIL and DATA then read the policy
 * files again; MAIL does so, too, when those of an earlier transaction were read under rules. */
int envrules_mail(struct session *s, struct err *e);
int envrules_rcpt(struct session *s, struct err *e);
int envrules_data(struct session *s, struct err *e);
/* The transaction is over: the environment is the session's own again.  The policy files wait for the next MAIL, or
 * for envrules_policy: 0, or -1 with e and another try at the next call. */
void envrules_undo(struct session *s);
int envrules_policy(struct session *s, struct err *e);

/* For a session put aside within a transaction: the variables to be repeated, empty none ... */
void envrules_changes(const struct session *s, struct buf *out);
/* ... and where it goes on; stale: the policy files had been read under them. */
int envrules_resume(struct session *s, struct str changes, bool stale, struct err *e);

#endif
