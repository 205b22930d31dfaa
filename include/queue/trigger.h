/* trigger - the FIFO lock/trigger wakes todo-proc when a message has been queued.
 * The ancestors write one NUL byte and the reader scans all of todo.  We write the message's id and a
 * NUL, so that the reader can go straight to it; a bare NUL, an overflow and every opening mean "scan". */
#ifndef QUEUE_TRIGGER_H
#define QUEUE_TRIGGER_H

#include <stdint.h>

#include "core/base/vec.h"

/* Wake whoever serves the queue in dir; id 0 asks for a scan.  Never fails: the scan every 1500 s is the safety net. */
void trigger_pull(const char *dir, uint64_t id);

struct trigger {
	int fd;
	VEC(uint64_t) ids;	/* what the last read brought */
	uint64_t partial;	/* digits of an id cut by the end of a read */
	int digits;
};

/* Open the reading side of dir's FIFO (dir "." for the current directory); -1 with errno. */
int trigger_open(struct trigger *t, const char *dir);
void trigger_close(struct trigger *t);
/* Read what is there: ids are in t->ids.  1: only those need a look; 0: a full scan is due; -1 error. */
int trigger_read(struct trigger *t);

#endif
