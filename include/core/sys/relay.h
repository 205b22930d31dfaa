/* relay - move bytes along several lanes at once, each from one descriptor to another, as poll says.  Nothing
 * is lost or reordered, no lane waits for another, and a lane holds at most one block.  Descriptors may
 * block, also when others share them: a write is never larger than what goes at once. */
#ifndef CORE_SYS_RELAY_H
#define CORE_SYS_RELAY_H

#include "core/base/buf.h"

struct relay_lane {
	int from, to;		/* the relay closes them when they are done with, and sets -1 */
	/* What goes out for what came in, appended to out; called with last and nothing at the end.
	 * NULL: the same bytes. */
	void (*change)(void *arg, struct str in, bool last, struct buf *out);
	void *arg;
	bool shared;		/* from or to serve another lane too and are not closed */
	bool tell;		/* to is a socket: the end of the bytes is told its peer */
	bool decides;		/* the end of this lane is the end of the relay */
	/* the relay's own */
	struct buf held;
	size_t sent;
	bool ended, done;
	int kind;
};

/* Run until all lanes have ended, or one that decides.  A lane ends with its input, or when nobody reads its
 * output. 0, or -1 with errno: ETIMEDOUT when nothing has moved for idle_ms (-1: for ever), a failure to read
 * or write. SIGPIPE must be ignored. */
int relay_run(struct relay_lane *lanes, size_t n, int idle_ms);

/* Copy from to to until its end: 0, -1 with errno. */
int relay_copy(int from, int to, void (*change)(void *arg, struct str in, bool last, struct buf *out),
	void *arg);

#endif
