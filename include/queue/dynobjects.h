/* dynobjects - the shared memory and message queues of a collection whose number of queues follows the load (dynamic.h).
 * Only dynamic.c and dynobjects.c include this. */
#ifndef QUEUE_DYNOBJECTS_H
#define QUEUE_DYNOBJECTS_H

#include "queue/dynamic.h"

/* Those of the collection and of every queue that is there; what is left of other queues goes. */
void dynobjects_make_all(struct dynamic *d);
/* Those of queue i, as far as they are missing.  -1: it could not be given its memory, errno says why. */
int dynobjects_make(struct dynamic *d, long i);
/* Tell everybody how many queues there are. */
void dynobjects_publish(const struct dynamic *d);
/* Remove all of them. */
void dynobjects_remove(struct dynamic *d);
/* Warn, with errno, that something could not be had, and of what there is instead. */
void dynobjects_missing(const struct dynamic *d, const char *what, const char *instead);

#endif
