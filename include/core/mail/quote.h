/* quote - addresses as header fields and SMTP commands write them. */
#ifndef CORE_MAIL_QUOTE_H
#define CORE_MAIL_QUOTE_H

#include "core/base/buf.h"

/* Append address box@host (cut at its last '@'; without one it is all box).  A box that is no dot-atom
 * becomes a quoted string (RFC 5321 section 4.1.2, RFC 5322 section 3.2.4; bytes above 127 are atom text
 * as in RFC 6531).  NUL, CR and LF, which no quoting can carry through a header line, become '_'. */
void quote_address(struct buf *b, struct str address);
/* The same for a box alone. */
void quote_box(struct buf *b, struct str box);
/* Append s as a quoted string whether it needs the quotes or not. */
void quote_always(struct buf *b, struct str s);

#endif
