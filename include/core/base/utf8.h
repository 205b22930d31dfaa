/* utf8 - is this text valid UTF-8 (RFC 3629: no surrogates, nothing overlong)? */
#ifndef CORE_BASE_UTF8_H
#define CORE_BASE_UTF8_H

#include "core/base/str.h"

bool utf8_valid(struct str s);
bool utf8_ascii(struct str s);	/* only bytes 1..127 */

#endif
