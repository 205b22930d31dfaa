/* records - what todo-proc tells send (section 9.2): log lines, first attempts, messages that are settled. */
#ifndef QUEUE_RECORDS_H
#define QUEUE_RECORDS_H

#include "queue/sched.h"

/* Act on the complete records and drop them. */
void records_take(struct sched *s, struct buf *records);

#endif
