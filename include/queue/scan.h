/* scan - which files are in a queue directory, whatever its split: every part that is there is looked
 * into, and files directly in the directory count too. */
#ifndef QUEUE_SCAN_H
#define QUEUE_SCAN_H

#include <stdint.h>
#include <sys/stat.h>

#include "core/base/err.h"
#include "queue/layout.h"

enum { SCAN_FLAT = -1 };	/* the file lies directly in the directory */

struct queue_file {
	uint64_t id;		/* from its name; 0: no number, or no regular file */
	const char *name;	/* without directories; valid during the call */
	const char *path;	/* as it was reached; the same */
	int part;		/* the sub-directory, or SCAN_FLAT */
	const struct stat *st;	/* of the file itself, links are not followed */
};

/* Call each for everything in queue/PART (queue: the queue directory, "." here).  A directory that is not
 * there is empty.  Messages that are in the journal only get files first, if the caller may do that.  Stops when each
 * returns non-zero and returns it; -1 when a directory is unreadable. */
int queue_scan(const char *queue, enum part part, int (*each)(const struct queue_file *f, void *arg), void *arg,
	struct err *e);

#endif
