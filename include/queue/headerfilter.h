/* headerfilter - what the queue does with header lines while it stores a message (section 6.4):
 * drop those of removeheaders, collect those of envheaders, copy those of logheaders. */
#ifndef QUEUE_HEADERFILTER_H
#define QUEUE_HEADERFILTER_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/conf/control.h"

struct headerfilter {
	struct list remove, env, log;
	int log_fd;		/* -1: nowhere */
	bool active;		/* still inside a header somebody wants to see */
	bool in_line;		/* the line at hand goes on beyond what was decided */
	unsigned verdict;	/* for that line and its continuations */
	long limit;		/* longest field to collect now, -1 any */
	struct buf line;
	struct buf field;	/* the field being collected */
	struct buf collected;	/* text of the h record */
};

int headerfilter_open(struct headerfilter *f, struct err *e);
void headerfilter_free(struct headerfilter *f);
/* Feed message bytes; what is to be stored goes to keep(arg, ...), which returns 0 or -1. */
int headerfilter_feed(struct headerfilter *f, struct str s, int (*keep)(void *arg, struct str s), void *arg);
/* The message is over: what is pending is stored. */
int headerfilter_end(struct headerfilter *f, int (*keep)(void *arg, struct str s), void *arg);

#endif
