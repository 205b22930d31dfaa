/* adopt - a message queued by a client with a smaller split is moved to the parts this process looks in. */
#ifndef QUEUE_ADOPT_H
#define QUEUE_ADOPT_H

#include "queue/layout.h"

/* In the queue's directory, a message of todo.  What a crash leaves half moved is moved on the next time.  -1: it cannot be
 * moved; 0 also when it is gone. */
int adopt_message(const struct layout *l, uint64_t id, struct err *e);

#endif
