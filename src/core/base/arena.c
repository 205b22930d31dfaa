/* arena - chained blocks; see arena.h. */
#include "core/base/arena.h"

#include <stdalign.h>
#include <string.h>

#include "core/base/mem.h"

enum { BLOCK = 4000 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

void *arena_alloc(struct arena *a, size_t n)
{
	size_t need = (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	struct arena_block *b = a->top;

	if (!b || b->size - b->used < need) {
		size_t size = need > BLOCK ? need : BLOCK;

		b = mem_alloc(sizeof *b + size);
		b->size = size;
		b->next = a->top;
		a->top = b;
	}
	void *p = b->data + b->used;

	b->used += need;
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

char *arena_z(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

void arena_free(struct arena *a)
{
	struct arena_block *b = a->top;

	while (b) {
		struct arena_block *next = b->next;

		mem_free(b);
		b = next;
	}
	a->top = NULL;
}
