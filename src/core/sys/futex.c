/* futex - waiting in the kernel; see futex.h. */
#include "core/sys/futex.h"

#include <limits.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* FUTEX_WAIT and FUTEX_WAKE of linux/futex.h, which only glibc's compiler finds */
enum { WAIT = 0, WAKE = 1 };

void futex_wait(_Atomic uint32_t *word, uint32_t seen, int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	syscall(SYS_futex, word, WAIT, seen, &t, NULL, 0);
}

void futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, WAKE, INT_MAX, NULL, NULL, 0);
}
