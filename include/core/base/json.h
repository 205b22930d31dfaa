/* json - writing JSON (RFC 8259).  Commas come by themselves: whatever is added after a value gets one before it.
 *	buf_addc(b, '{'); json_pair(b, "name", s); json_number(b, "pid", 7); buf_addc(b, '}'); */
#ifndef CORE_BASE_JSON_H
#define CORE_BASE_JSON_H

#include "core/base/buf.h"

/* A comma where one is due; before anything that is added by hand. */
void json_item(struct buf *b);
/* A string: any bytes.  Control bytes are escaped, what is not UTF-8 becomes U+FFFD. */
void json_text(struct buf *b, struct str s);
/* "name": and the value is up to the caller; names are ours and plain. */
void json_key(struct buf *b, const char *name);
/* A member of an object. */
void json_pair(struct buf *b, const char *name, struct str value);
void json_number(struct buf *b, const char *name, long long value);
void json_bool(struct buf *b, const char *name, bool value);

#endif
