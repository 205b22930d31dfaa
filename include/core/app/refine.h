/* refine - a filter that may change the message on descriptor 0 before this process goes on with it. */
#ifndef CORE_APP_REFINE_H
#define CORE_APP_REFINE_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/err.h"

struct refine {
	const char *file;		/* what is run when it is not argv[0] */
	char *const *argv;
	void (*prepare)(void *arg);	/* called in the child: the environment of the filter */
	void *arg;
	bool always;			/* no output is an empty message; else it leaves the message as it is */
	int also, also_as;		/* a descriptor for the filter and the number it gets; also -1: none */
	struct buf said;		/* the result: its words on descriptor 2, at most 1000 bytes fit for a report */
};

/* Descriptor 0 at its start, as a file that can be read again. */
int refine_rewind(struct err *e);
/* Run the filter with the message on 0; what it writes to 1 replaces descriptor 0.  Its exit code, or -1 (temporary): it
 * crashed, took more than DEATH seconds and was killed, or bytes could not be moved; the message may be lost then. */
int refine_run(struct refine *r, struct err *e);

#endif
