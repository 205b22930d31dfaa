/* reserve - a piece of memory put aside; see reserve.h. */
#include "core/base/reserve.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

struct block {
	alignas(16) size_t n;	/* bytes asked for; they follow */
	struct block *before;
	bool used;
};

static char *pool, *top, *end;	/* top: what is free begins here */
static struct block *last;

static size_t room(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static struct block *block(const void *p)
{
	return (struct block *)(uintptr_t)((const char *)p - sizeof(struct block));
}

void reserve_use(void *p, size_t size)
{
	pool = top = p;
	end = pool + size;
	last = NULL;
}

void *reserve_take(size_t n)
{
	size_t left = (size_t)(end - top);

	if (n > left || room(n) + sizeof(struct block) > left)
		return NULL;
	struct block *b = (struct block *)(void *)top;

	*b = (struct block){.n = n, .before = last, .used = true};
	last = b;
	top += sizeof *b + room(n);
	return memset(b + 1, 0, n);
}

bool reserve_owns(const void *p)
{
	return (uintptr_t)p >= (uintptr_t)pool && (uintptr_t)p < (uintptr_t)end;
}

void reserve_give(void *p)
{
	block(p)->used = false;
	for (; last && !last->used; last = last->before)
		top = (char *)last;
}

size_t reserve_size(const void *p)
{
	return block(p)->n;
}

bool reserve_resize(void *p, size_t n)
{
	struct block *b = block(p);
	size_t most = b == last ? (size_t)(end - (char *)p) : room(b->n);

	if (n > most || room(n) > most)
		return false;
	b->n = n;
	if (b == last)
		top = (char *)p + room(n);
	return true;
}
