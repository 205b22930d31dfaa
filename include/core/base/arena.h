/* arena - memory that lives as long as one message or session and is freed at once. */
#ifndef CORE_BASE_ARENA_H
#define CORE_BASE_ARENA_H

#include "core/base/str.h"

struct arena_block;
struct arena {
	struct arena_block *top;
};

void *arena_alloc(struct arena *a, size_t n);		/* zeroed, aligned for any type */
struct str arena_str(struct arena *a, struct str s);	/* a copy, NUL-terminated behind its n bytes */
char *arena_z(struct arena *a, struct str s);		/* the same as a C string */
void arena_free(struct arena *a);

#endif
