/* mime - the parts of a message, decoded one after the other (RFC 2045, RFC 2046); uuencoded files in texts are parts,
 * too.  For programs that look for what is hidden in mail: forgiving, and bounded in memory and depth. */
#ifndef CORE_MAIL_MIME_H
#define CORE_MAIL_MIME_H

#include "core/base/err.h"
#include "core/base/str.h"

enum { MIME_DEPTH = 30, MIME_PARTS = 1000 };

/* Each returns 0, or -1 after filling *e, which ends the walk. */
struct mime_calls {
	int (*name)(void *ctx, struct str name, struct err *e);		/* a file name that a part has, before its begin */
	int (*begin)(void *ctx, struct err *e);
	int (*data)(void *ctx, struct str bytes, struct err *e);
	int (*end)(void *ctx, struct err *e);
};

/* Walk over the message in fd from its position on.  -1: a call failed, reading did (ERR_TEMP), or the message has more
 * than MIME_DEPTH levels or MIME_PARTS parts (ERR_PERM). */
int mime_walk(int fd, const struct mime_calls *calls, void *ctx, struct err *e);

#endif
