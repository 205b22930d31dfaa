/* transfer - decode what MIME and its forerunner put into lines of text: base64 and quoted-printable (RFC 2045 section
 * 6), uuencode.  Forgiving, as mail readers are: what is no code is skipped. */
#ifndef CORE_BASE_TRANSFER_H
#define CORE_BASE_TRANSFER_H

#include <stdint.h>

#include "core/base/buf.h"

enum transfer_kind { TRANSFER_PLAIN, TRANSFER_BASE64, TRANSFER_QUOTED, TRANSFER_UU };

struct transfer {
	enum transfer_kind kind;
	uint32_t bits;		/* base64: what is left of a group, */
	unsigned n;		/* in so many characters */
};

/* Append what a line, with its end, stands for.  Start with {.kind = ...}. */
void transfer_line(struct transfer *t, struct str line, struct buf *out);

#endif
