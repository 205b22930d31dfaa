/* aside - a session whose client is silent between two commands, put into a few hundred bytes, and taken up again by
 * another process when the client goes on.  Not a format for disks: both ends are this program. */
#ifndef CORE_SMTP_ASIDE_H
#define CORE_SMTP_ASIDE_H

#include "core/smtp/session.h"

/* May this session be put aside now?  Not within a line or a message, not with TLS in this process, and not when it has
 * gathered much. */
bool aside_possible(const struct session *s);
void aside_write(const struct session *s, struct buf *out);
/* Into a new session with its configuration; -1 with e: damaged, or a policy file is unreadable. */
int aside_read(struct session *s, struct str text, struct err *e);

#endif
