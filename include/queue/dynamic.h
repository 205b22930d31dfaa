/* dynamic - how many queues a collection should have at this moment (section 21.3, qscheduler -d).
 * Knows directories, loads and the objects of figures.h and trigger.h; starts and ends no process.  Its caller runs a
 * delivery process for every queue that is DYN_RUN or DYN_LEAVE, ends the one of a queue that is DYN_END, and calls
 *
 *	dynamic_open(&d, &e)		at the start
 *	dynamic_look(&d)		every second and when a descriptor of d.fds is readable
 *	dynamic_running(&d, i, yes)	after it: whether queue i has a delivery process now
 *	dynamic_listen(&d)		after that: d.fds
 *	dynamic_close(&d)		at the end
 *
 * No message is left behind.  A queue is given up in steps: no new messages (DYN_LEAVE); when mess is empty,
 * its process is told to end (DYN_END); when that has ended and mess is still empty it rests (DYN_REST), and
 * its wake-ups are listened to: one from somebody who chose the queue long ago starts it again. */
#ifndef QUEUE_DYNAMIC_H
#define QUEUE_DYNAMIC_H

#include "core/sys/fd.h"
#include "queue/create.h"
#include "queue/figures.h"

enum dyn_state { DYN_REST, DYN_RUN, DYN_LEAVE, DYN_END };

struct dyn_queue {
	struct buf dir;			/* BASE/queueN */
	enum dyn_state state;
	bool there;			/* the directory exists */
	int figures;			/* shared memory, -1 none */
	int wake;			/* message queue, -1 none */
	int fifo;			/* lock/trigger of one that ends or rests, else -1 */
	int disabled;			/* as published; -1 nothing yet */
	unsigned long told;		/* load somebody told us ... */
	long long told_until;		/* ... and how long it is believed */
};

struct dynamic {
	const char *base;
	struct queue_owners owners;	/* of new objects */
	void (*warn)(const char *text);	/* told of what is missing; everything works without it */
	int (*make)(const char *dir);	/* create or complete a queue; -1: it says why */
	bool keep;			/* do not lower the number of queues at the start */
	/* set by dynamic_open */
	long start, floor, max;		/* first number, least and most queues */
	long percent;			/* QUEUE_LOAD */
	long count, conf;		/* in use; existing, from the first without a gap */
	long len, size;			/* of message queues as they could be had; 0 none */
	unsigned long total;		/* load of all queues when it was looked at last */
	long n;				/* slots: every queue there is or may be */
	struct dyn_queue *q;
	struct pollfd *fds;		/* what may be readable before the next second */
	size_t nfds;
	/* its own */
	int all, loads;			/* shared memory and message queue of the collection, -1 none */
	bool silent, forgetful;		/* has warned: no message queue, control/qcount cannot be written */
	int busy;			/* measurements in a row with too much load */
	long long measured, grow_at, quiet_since;	/* milliseconds */
};

int dynamic_open(struct dynamic *d, struct err *e);
void dynamic_look(struct dynamic *d);
void dynamic_running(struct dynamic *d, long i, bool yes);
void dynamic_listen(struct dynamic *d);
/* Remove all objects and free everything. */
void dynamic_close(struct dynamic *d);

#endif
