/* md5 - the message digest of RFC 1321: for fingerprints that nobody has a reason to forge, never for
 * secrets. */
#ifndef CORE_BASE_MD5_H
#define CORE_BASE_MD5_H

#include <stdint.h>

#include "core/base/buf.h"

struct md5 {
	uint32_t state[4];
	uint64_t bytes;		/* fed so far */
	unsigned char block[64];
};

void md5_start(struct md5 *m);
void md5_feed(struct md5 *m, struct str s);
/* Append the digest as 32 hexadecimal digits; m must be started again. */
void md5_hex(struct md5 *m, struct buf *out);

#endif
