/* logold - the old logs of a log directory: giving them names, removing the oldest (logdir.h says what is what). */
#ifndef SVC_LOGOLD_H
#define SVC_LOGOLD_H

#include <stdint.h>

#include "core/base/buf.h"

struct logold {
	const char *dir;
	unsigned long keep;	/* logs at most, the current one included */
	int64_t sec;		/* the stamp given last */
	uint32_t nsec;
	int prune_errno;	/* why the oldest could not be removed the last time; 0: no trouble */
	struct buf path[2];
};
#define LOGOLD_INIT(d, k) {(d), (k), 0, 0, 0, {BUF_INIT, BUF_INIT}}

/* Turn dir/file into dir/@STAMP.code, a name nobody has, and remove the oldest logs down to keep.  A file that is not
 * there is no error; one with two names has its stamp since before a crash, and an empty .u is not worth one: those are
 * removed.  0, or -1 with errno; can be tried again. */
int logold_finish(struct logold *o, const char *file, char code);
void logold_free(struct logold *o);

#endif
