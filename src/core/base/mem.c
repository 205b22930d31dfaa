/* mem - allocation with one handler for exhaustion; see mem.h. */
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static void give_up(size_t n)
{
	(void)n;
	abort();
}

void (*mem_exhausted)(size_t n) = give_up;

void *mem_alloc(size_t n)
{
	void *p;

	while (!(p = calloc(1, n ? n : 1)))
		mem_exhausted(n);
	return p;
}

void *mem_resize(void *p, size_t n)
{
	void *q;

	while (!(q = realloc(p, n ? n : 1)))
		mem_exhausted(n);
	return q;
}

void mem_free(void *p)
{
	free(p);
}

char *mem_copy(const char *p, size_t n)
{
	char *q = mem_alloc(n + 1);

	if (n)
		memcpy(q, p, n);
	return q;
}
