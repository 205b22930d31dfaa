/* repair - find and mend what is wrong in a queue directory (queue-fix; section 5).
 * Everything works in the queue's directory ("." is the queue) while no send runs there, and may be
 * interrupted anywhere: a second run finishes what the first one began. */
#ifndef QUEUE_REPAIR_H
#define QUEUE_REPAIR_H

#include "core/base/err.h"
#include "queue/create.h"

struct repair {
	struct layout lay;		/* the split and BIGTODO wanted */
	struct queue_owners owners;
	long tcpto_size;		/* bytes lock/tcpto must have; 0: at least the default */
	bool ratelimit, trash;		/* the optional directories are wanted */
	/* Told what is wrong; true: mend it now. */
	bool (*problem)(void *arg, const char *text);
	/* Told of files nobody knows; they stay. */
	void (*stray)(void *arg, const char *text);
	void *arg;
};

/* The layout the directories of the queue show; false when there are none to go by. */
bool repair_detect(struct layout *l);
/* Directories and files of the queue itself: there, of the right kind, owner and mode. */
int repair_structure(const struct repair *r, struct err *e);
/* Files of messages: owner and mode, name equal to the inode of the mess file, in the right part. */
int repair_messages(const struct repair *r, struct err *e);
/* Remove empty parts which the layout does not have; after repair_messages. */
int repair_old_parts(const struct repair *r, struct err *e);

#endif
