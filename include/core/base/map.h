/* map - a hash table from text (ASCII case ignored) to text, as control-file look-ups need it. */
#ifndef CORE_BASE_MAP_H
#define CORE_BASE_MAP_H

#include "core/base/str.h"

struct map_slot;
struct map {
	struct map_slot *slots;
	size_t size, used;
};

/* The first value set for a key stays.  Neither key nor value is copied. */
void map_put(struct map *m, struct str key, struct str value);
/* Whether key is there; *value is set when it is (value may be NULL). */
bool map_get(const struct map *m, struct str key, struct str *value);
void map_free(struct map *m);

#endif
