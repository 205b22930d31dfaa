/* limit - what this process and its children may use (getrlimit, setrlimit). */
#ifndef CORE_SYS_LIMIT_H
#define CORE_SYS_LIMIT_H

#include <stdint.h>

enum limit {
	LIMIT_AS,	/* bytes of all segments */
	LIMIT_CORE,	/* bytes of a core file */
	LIMIT_CPU,	/* seconds */
	LIMIT_DATA,
	LIMIT_FSIZE,	/* bytes of a file written */
	LIMIT_MEMLOCK,
	LIMIT_MSGQUEUE,	/* bytes in POSIX message queues */
	LIMIT_NOFILE,	/* open descriptors */
	LIMIT_NPROC,	/* processes of this user */
	LIMIT_RSS,
	LIMIT_STACK,
};

/* Set the soft limit to n, but never above the hard one.  0, or -1 with errno; a limit this system does not
 * know is none of our business and gives 0. */
int limit_soft(enum limit what, uint64_t n);
/* The soft limit becomes the hard one. */
int limit_to_hard(enum limit what);
/* No limit at all, soft or hard: only root may raise a hard limit.  Descriptors have at least the hard
 * limit's. */
int limit_lift(enum limit what);

#endif
