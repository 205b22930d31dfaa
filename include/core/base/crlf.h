/* crlf - line ends changed on the fly, block by block: LF to CRLF, CRLF to LF, and the display of control
 * bytes. A change of text is a function that may be called for any pieces of a stream; what it must remember
 * between them is in struct crlf, which begins as zeros. */
#ifndef CORE_BASE_CRLF_H
#define CORE_BASE_CRLF_H

#include "core/base/buf.h"

struct crlf {
	bool cr;	/* the last byte so far was a CR; crlf_del holds it back */
};

/* Append in, changed, to out.  last: nothing comes after in. */
typedef void crlf_change(struct crlf *c, struct str in, bool last, struct buf *out);
crlf_change crlf_add;	/* a CR before every LF */
crlf_change crlf_fix;	/* a CR before every LF that has none */
crlf_change crlf_del;	/* CRLF becomes LF; a CR elsewhere stays */

/* Append in with control bytes as ^X, DEL as ^?, bytes above 127 as M- and the rest; tab and newline stay. */
void crlf_visible(struct str in, struct buf *out);

#endif
