/* reserve - a piece of memory put aside for the time when the system has none (mem.h): given out from its
 * beginning to its end; what was taken last is best given back first. */
#ifndef CORE_BASE_RESERVE_H
#define CORE_BASE_RESERVE_H

#include <stdbool.h>
#include <stddef.h>

/* Use size bytes at p, aligned as malloc aligns, from now on. */
void reserve_use(void *p, size_t size);
void *reserve_take(size_t n);			/* zeroed; NULL when there is no room */
bool reserve_owns(const void *p);		/* was it taken from here? */
void reserve_give(void *p);
size_t reserve_size(const void *p);		/* as asked for */
bool reserve_resize(void *p, size_t n);		/* in its place: false when it cannot */

#endif
