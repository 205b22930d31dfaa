/* removal - send and clean: requests that are waited for, clean in the same process, and the requests of a todo-proc that
 * has no clean of its own. */
#ifndef QUEUE_REMOVAL_H
#define QUEUE_REMOVAL_H

#include "queue/sched.h"

struct removal {
	int out, in;			/* to and from clean; -1 when there is none */
	char (*here)(struct str name);	/* clean in this process, else NULL */
	int wish_in, wish_out;		/* names from todo-proc, answers to it; -1 none */
};

/* Ask for n names, each with a NUL behind it, and wait for the answers.  -1: clean is gone. */
int removal_now(const struct removal *r, struct sched *s, struct str names, char *answers, size_t n);
/* Answer in this process what the scheduler has asked. */
void removal_here(const struct removal *r, struct sched *s);
/* Pass the complete names in wishes on.  -1: clean is gone, 1: todo-proc is. */
int removal_wishes(const struct removal *r, struct sched *s, struct buf *wishes);

#endif
