/* acceptors - processes that take connections from one listening socket themselves: none of them passes through the
 * parent, which only sees to it that one process more than there are connections waits for the next.  Without
 * connections all of them end after a few seconds and the parent waits alone. */
#ifndef CORE_SYS_ACCEPTORS_H
#define CORE_SYS_ACCEPTORS_H

#include "core/base/err.h"

struct acceptors {
	int max;		/* processes at once */
	/* Serves a connection, in a process that has stdin and stdout on /dev/null, stderr of the parent, SIGPIPE ignored
	 * and other signals at their default.  What it opens is closed after it, the connection too; everything
	 * else it changes it has to undo. */
	void (*run)(int sock);
	void (*trouble)(const struct err *e);	/* no process could be started; another try follows */
};

/* Serve until SIGTERM, which lets connections that are served end by themselves: 0; -1 with e: it could not begin.
 * A process calls this once. */
int acceptors_run(const struct acceptors *a, int listening, struct err *e);

#endif
