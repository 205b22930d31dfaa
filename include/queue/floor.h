/* floor - the latest time a queue has seen, for machines without a clock: steer/floor.  A board that
 * starts in 1970 would find every message older, or younger, than it is.  When the clock is more than
 * FLOOR_SLACK behind the floor, send and todo-proc go on from the floor until the clock has been set; a
 * clock put back by less is believed.  Removing the file makes them believe the clock. */
#ifndef QUEUE_FLOOR_H
#define QUEUE_FLOOR_H

#include <stdbool.h>
#include <time.h>

enum { FLOOR_SLACK = 86400, FLOOR_EVERY = 60 };

/* In the queue's directory: by how many seconds the clock is behind, 0 when it is believed. */
long floor_load(void);
/* Note the time, at most every FLOOR_EVERY seconds.  Never fails: what cannot be written is not known the
 * next time. */
void floor_save(time_t now);
/* The same, in any case: before the end. */
void floor_end(time_t now);
/* Is a file that was last used then a leftover, ossified seconds later?  Times from before the clock was
 * set tell nothing. */
bool floor_stale(time_t used, long ossified);
/* What the file says; 0: nothing. */
time_t floor_read(void);

#endif
