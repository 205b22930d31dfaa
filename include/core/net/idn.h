/* idn - domain names in other scripts as DNS wants them (RFC 5890, 5891). */
#ifndef CORE_NET_IDN_H
#define CORE_NET_IDN_H

#include "core/base/buf.h"

/* The ASCII form of name replaces *out.  false: not a valid name, or this build has no IDN support.
 * An ASCII name is copied as it is. */
bool idn_ascii(struct str name, struct buf *out);

#endif
