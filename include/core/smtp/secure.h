/* secure - TLS within an SMTP session: STARTTLS (RFC 3207), SMTPS, and what certificates of clients are worth
 * (policy reference 1.7). */
#ifndef CORE_SMTP_SECURE_H
#define CORE_SMTP_SECURE_H

#include "core/smtp/session.h"

/* Whether the connection is encrypted, by us or around us. */
bool secure_on(const struct session *s);
/* May STARTTLS be used now? */
bool secure_offered(const struct session *s);
/* The verb. */
void secure_verb(struct session *s, struct str arg);
/* TLS before anything is said: false when it failed and the session is over. */
bool secure_first(struct session *s);
/* Whether the client's certificate lets it relay (control/tlsclients), which then holds for the session.
 * *why: NULL when certificates do not matter here, else what is wrong. */
bool secure_relay(struct session *s, const char **why);
/* Tell the queue's programs, in the environment, that it does. */
void secure_announce(void);

#endif
