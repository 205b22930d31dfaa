/* mem - allocation with one handler for exhaustion; see mem.h. */
#include "core/base/mem.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/reserve.h"

static void give_up(size_t n)
{
	(void)n;
	abort();
}

void (*mem_exhausted)(size_t n) = give_up;

void *mem_alloc(size_t n)
{
	void *p;

	while (!(p = calloc(1, n ? n : 1)) && !(p = reserve_take(n)))
		mem_exhausted(n);
	return p;
}

/* Out of the reserve, or into it: what is there is copied. */
static void *move(void *p, size_t n)
{
	size_t old = reserve_owns(p) ? reserve_size(p) : p ? malloc_usable_size(p) : 0;
	void *q = reserve_owns(p) ? calloc(1, n ? n : 1) : NULL;

	if (!q && !(q = reserve_take(n)))
		return NULL;
	if (old)
		memcpy(q, p, old < n ? old : n);
	mem_free(p);
	return q;
}

void *mem_resize(void *p, size_t n)
{
	void *q;

	if (reserve_owns(p) && reserve_resize(p, n))
		return p;
	while ((reserve_owns(p) || !(q = realloc(p, n ? n : 1))) && !(q = move(p, n)))
		mem_exhausted(n);
	return q;
}

void mem_free(void *p)
{
	if (reserve_owns(p))
		reserve_give(p);
	else
		free(p);
}

char *mem_copy(const char *p, size_t n)
{
	char *q = mem_alloc(n + 1);

	if (n)
		memcpy(q, p, n);
	return q;
}

bool mem_reserve(size_t n)
{
	static bool done;
	void *p = done ? NULL : calloc(1, n);

	if (p)
		reserve_use(p, n);
	done = done || p;
	return p;
}
