/* mem - memory that is there or the program is not: out of memory is handled in one place.
 * The hook decides what happens (app: log and exit 111; daemons: wait, then the call is retried). */
#ifndef CORE_BASE_MEM_H
#define CORE_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* Called when the system has no n bytes; returning means "try again". */
extern void (*mem_exhausted)(size_t n);

void *mem_alloc(size_t n);			/* zeroed; free with mem_free */
void *mem_resize(void *p, size_t n);		/* as realloc, never NULL */
void mem_free(void *p);
char *mem_copy(const char *p, size_t n);	/* n bytes and a NUL; caller frees */
/* Put n bytes aside, to be given out when the system has no more.  False when that has been done before, or there
 * are none. */
bool mem_reserve(size_t n);

#endif
