/* mimeparam - the value of a MIME field such as Content-Type: its type and its parameters (RFC 2045 section 5, RFC 2231),
 * in all the spellings that mail readers understand. */
#ifndef CORE_MAIL_MIMEPARAM_H
#define CORE_MAIL_MIMEPARAM_H

#include "core/base/buf.h"

/* What stands before the first ';', without blanks and comments behind it. */
struct str mimeparam_type(struct str value);
/* Call each for every value the parameter has: pieces (name*0, name*1) are put together, percent and encoded words
 * (RFC 2047) decoded. */
void mimeparam_each(struct str value, struct str name, void (*each)(void *ctx, struct str text), void *ctx);

#endif
