/* preprocess - what todo-proc does: the new messages of one queue are found in todo, their recipients classified, and each
 * is announced to send or settled on disk.  slowq-send and qmta-send do it in their own process.  Works in the queue's
 * directory; one per process.  Orders and records are those of todo-proc (section 9.1, 9.2); J records, and the orders S and
 * E that answer them, are used after an order J: who does not give it gets every message settled and announced by D. */
#ifndef QUEUE_PREPROCESS_H
#define QUEUE_PREPROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"

struct preprocess {
	const char *dir;		/* the queue, NULL: we are there */
	const char *program, *q;	/* in log lines */
	const char *mode;		/* ends the lines of recipients; "" nothing */
	bool mqueue;			/* a POSIX message queue announces messages, too; then the lines tell how each was found */
	bool adopt;			/* clients may have a smaller split (adopt.h) */
	bool files;			/* some who deliver cannot read the journal: every message has its files */
	/* Ask clean: n names, each with a NUL behind it, an answer byte for each.  -1: it is gone. */
	int (*clean)(struct str names, char *answers, size_t n, void *arg);
	void *arg;
};

/* Read the control files, enter the queue, open the trigger; nothing is scanned yet.  *p stays in use.  -1: why is in the records. */
int preprocess_open(const struct preprocess *p);
/* Bytes from send, as they come. */
void preprocess_orders(struct str bytes);
/* Bytes for send: whoever delivers them drops them. */
struct buf *preprocess_records(void);
/* Readable: preprocess_turn with pulled, and told, is due; the second may be -1. */
int preprocess_fd(void);
int preprocess_mqueue(void);
/* Milliseconds until preprocess_turn has to be called.  This is when todo is scanned. */
int preprocess_plan(void);
/* Do what is to be done.  1: an order said to stop; -1: clean is gone. */
int preprocess_turn(bool pulled, bool told);
/* The end: what is in the journal only gets files. */
void preprocess_close(void);
/* Nothing new is known, and nothing can be settled now. */
bool preprocess_idle(void);

#endif
