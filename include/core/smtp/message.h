/* message - the verb DATA: checks, trace line, body, envelope, the queue's verdict, log lines
 * (policy reference 1.11). */
#ifndef CORE_SMTP_MESSAGE_H
#define CORE_SMTP_MESSAGE_H

#include "core/smtp/session.h"

void message_receive(struct session *s, struct str arg);

#endif
