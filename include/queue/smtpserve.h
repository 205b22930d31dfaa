/* smtpserve - where the messages of an SMTP session go: the queue's client behind the session's hooks. */
#ifndef QUEUE_SMTPSERVE_H
#define QUEUE_SMTPSERVE_H

#include "core/smtp/session.h"

/* Fill in ctx, a new client that client_free takes back, and every hook but those for the log, a silent client and TLS. */
void smtpserve(struct smtp_hooks *h);

#endif
