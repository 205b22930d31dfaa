/* sender - the life of send: moves bytes between the scheduler (sched.h) and its partners, which are processes, or
 * functions of this one.  qmail-send, slowq-send and qmta-send are made of it.  One per process; descriptor 0 is the log.
 * With processes for partners: 1/2 lspawn, 3/4 rspawn, or what pipes says. */
#ifndef QUEUE_SENDER_H
#define QUEUE_SENDER_H

#include "queue/removal.h"
#include "queue/sched.h"

struct sender {
	const char *program;		/* "qmail-send" */
	const char *q;			/* the queue in log lines, "" for none */
	bool old_end;			/* "end msg" lines without program */
	struct removal clean;
	int todo_out, todo_in;		/* todo-proc; -1: messages are preprocessed in this process */
	/* As in spawners.h. */
	int (*spawn)(int chan, int *out, int *in);
	const int *pipes;		/* out and in of lspawn, then of rspawn; NULL: 1 2 3 4 */
	int (*locked)(void);		/* the queue is ours; may be NULL.  -1: end, the reason has been told */
	/* Once in every turn of the loop, may be NULL; returns the longest time to wait in ms, -1 any. */
	int (*turn)(bool idle);
	bool figures;			/* tell qscheduler and submitters how busy the queue is */
	bool rates;			/* always_rates of the scheduler */
	bool adopt, files;		/* as in preprocess.h */
	bool once;			/* end when nothing can be done now */
};

/* The exit code of the program. */
int sender_run(const struct sender *h);

#endif
