/* prio - a heap of messages by time: 16 bytes each, so that a backlog of any size fits in memory. */
#ifndef QUEUE_PRIO_H
#define QUEUE_PRIO_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/base/vec.h"

struct prio_item {
	time_t when;
	uint64_t id;
};
struct prio {
	VEC(struct prio_item) items;
};

void prio_add(struct prio *q, time_t when, uint64_t id);
/* The earliest item; false when there is none. */
bool prio_min(const struct prio *q, struct prio_item *item);
void prio_drop_min(struct prio *q);
/* What is in the set becomes due now; one pass over the heap. */
struct idset;
void prio_hasten(struct prio *q, const struct idset *ids, time_t now);
void prio_all_due(struct prio *q, time_t now);	/* everything becomes due now */

#endif
