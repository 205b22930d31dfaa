/* figures - what the daemons of a collection with a changing number of queues tell each other and those who submit
 * mail, in shared memory (section 21.2): two numbers for the collection, five for each queue.  Every number has one
 * writer, and any mixture of old and new ones may be read: they advise, the queues on disk decide.
 *
 * Objects are named after the queue's directory: "/queue3" in the default collection.  Elsewhere the device and inode
 * of QUEUE_BASE come before it, "/indimail.DEV.INODE.queue3" in hexadecimal digits, so that two collections on one
 * machine do not meet. */
#ifndef QUEUE_FIGURES_H
#define QUEUE_FIGURES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum { FIGURES_QUEUES_MAX = 1000 };	/* queues a collection may have */

/* Native integers, as they lie in memory. */
struct figures_all {
	int32_t count;		/* queues in use; written by qscheduler, like the next */
	int32_t conf;		/* queues that exist */
};
struct figures {
	int32_t used[2];	/* deliveries running, local and remote; written by send, like the next */
	int32_t max[2];		/* concurrency; 0 held */
	int32_t disabled;	/* 1: not for new messages; written by qscheduler */
};

/* A message to qscheduler: the load of queue NUMBER, in percent summed over both channels. */
struct figures_load {
	pid_t pid;
	unsigned number;
	unsigned long load;
};

/* The name of the object that belongs to a queue's directory, or to BASE/qscheduler, replaces *name; empty,
 * which no object is called, when BASE is not there. */
void figures_name(const char *dir, struct buf *name);
/* Read the figures of the collection below base, of the queue in dir.  Only objects that belong to root or to the
 * owner of the collection's lock or the queue's trigger are believed.  -1 with errno. */
int figures_read_all(const char *base, struct figures_all *f);
int figures_read(const char *dir, struct figures *f);
/* How busy a queue is, 0 to 200: twice the percentage of its busier channel. */
unsigned long figures_load(const struct figures *f);
/* Tell qscheduler the load of a queue; waits a moment when it has much to read. */
int figures_tell(const char *base, unsigned number, unsigned long load, struct err *e);
/* The number of the queue for a new message: the one with the fewest deliveries on its busier channel, or just the
 * next one with DYNAMIC_QUEUE_TIME.  turn decides between equals.  -1: choose as if nobody told anything. */
long figures_choose(const char *base, long start, uint32_t turn);

/* send's part: publish used and max of the queue in dir. */
struct figures_writer {
	int fd;			/* -1: nobody listens */
	struct figures last;
};
int figures_open(struct figures_writer *w, const char *dir);	/* -1 with errno; w can be used all the same */
/* Write what has changed. */
void figures_write(struct figures_writer *w, const struct figures *now);

#endif
