/* futex - processes that wait for a number in common memory (share.h) to change. */
#ifndef CORE_SYS_FUTEX_H
#define CORE_SYS_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

/* Wait while *word is seen, at most so many milliseconds, or until woken or interrupted: the caller looks again. */
void futex_wait(_Atomic uint32_t *word, uint32_t seen, int ms);
/* Wake everybody who waits for it. */
void futex_wake(_Atomic uint32_t *word);

#endif
