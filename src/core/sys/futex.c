/* futex - waiting in the kernel; see futex.h. */
#include "core/sys/futex.h"

#include <limits.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { WAIT = 0, WAKE = 1 };	/* futex(2); the kernel's headers are not beside every libc */

void futex_wait(_Atomic uint32_t *word, uint32_t seen, int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	syscall(SYS_futex, word, WAIT, seen, &t, NULL, 0);
}

void futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, WAKE, INT_MAX, NULL, NULL, 0);
}
