/* partners - what send and its partners tell each other: spawners, clean and todo-proc, of which the last two may be
 * functions of this process.  Bytes go between them and the buffers of the scheduler; a partner that is gone is told of once.
 * One per process; only sender.c and partners.c include this. */
#ifndef QUEUE_PARTNERS_H
#define QUEUE_PARTNERS_H

#include <stdbool.h>

#include "core/sys/fd.h"
#include "queue/sender.h"

enum { PARTNERS_FDS = 9 };

/* Both stay in use.  false: a spawner is gone. */
bool partners_open(const struct sender *h, struct sched *sched);
/* From here on messages are preprocessed.  -1: why is in the log. */
int partners_begin(void);
/* Tell todo-proc to end and wait for its last words. */
void partners_end(void);
/* One is gone: end as soon as possible. */
bool partners_lost(void);

/* What to wait for, and how many of the wait milliseconds at most. */
void partners_poll(struct pollfd p[PARTNERS_FDS]);
int partners_wait(int wait);
/* Take what they have said, as poll tells; p NULL: nothing. */
void partners_take(const struct pollfd *p);
/* Give them what there is for them. */
void partners_give(void);
/* Only todo-proc's part of it. */
void partners_order(void);

/* A delivery may be running: with a spawner that could not be started nothing has begun. */
bool partners_delivering(void);
/* With todo-proc in this process: it knows of nothing new. */
bool partners_quiet(void);

#endif
