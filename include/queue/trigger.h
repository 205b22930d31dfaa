/* trigger - the FIFO lock/trigger wakes todo-proc when a message has been queued.
 * The ancestors write one NUL byte and the reader scans all of todo.  We write the message's id and a
 * NUL, so that the reader can go straight to it; a bare NUL, an overflow and every opening mean "scan".
 * In a collection whose number of queues changes (DYNAMIC_QUEUE) a POSIX message queue does the same, and the FIFO
 * when it is full or not there. */
#ifndef QUEUE_TRIGGER_H
#define QUEUE_TRIGGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/vec.h"

/* A wake-up in the message queue (section 7). */
struct trigger_message {
	pid_t pid;		/* who sent it, for people who look */
	int split;		/* the part of todo, or CONFSPLIT when todo has none */
	ino_t inum;
};

/* Wake whoever serves the queue in dir; id 0 asks for a scan.  Never fails: the scan every 1500 s is the safety net. */
void trigger_pull(const char *dir, uint64_t id);
/* The same; false: nobody is there, or the FIFO is full and who reads it will scan. */
bool trigger_tell(const char *dir, uint64_t id);

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

/* The reading side of the message queue with this name (figures_name): a descriptor, -1 with errno. */
int trigger_queue_open(const char *name);
/* The next message: 1 with its id, 0 there is none, -1 error. */
int trigger_queue_take(int fd, uint64_t *id);

#endif
