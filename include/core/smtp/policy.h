/* policy - what must hold before MAIL, RCPT and DATA are granted, in the order in which it is asked
 * (policy reference 1.9 to 1.11).  Each check answers the client itself when it refuses. */
#ifndef CORE_SMTP_POLICY_H
#define CORE_SMTP_POLICY_H

#include "core/smtp/session.h"

/* The connection gate (1.5): true when the client was turned away, with the reply given. */
bool policy_gate(struct session *s);
/* A control file cannot be read: logged, answered with 451; always false. */
bool policy_unreadable(struct session *s, const struct err *e);
/* arg is the argument of the verb.  True: granted, and the session holds sender or recipient. */
bool policy_mail(struct session *s, struct str arg);
bool policy_rcpt(struct session *s, struct str arg);
bool policy_data(struct session *s, struct str arg);

#endif
