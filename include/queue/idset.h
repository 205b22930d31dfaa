/* idset - a set of message ids. */
#ifndef QUEUE_IDSET_H
#define QUEUE_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idset {
	uint64_t *slots;	/* 0: free */
	size_t size, used;
};

bool idset_has(const struct idset *s, uint64_t id);
void idset_add(struct idset *s, uint64_t id);
void idset_del(struct idset *s, uint64_t id);
void idset_free(struct idset *s);

#endif
