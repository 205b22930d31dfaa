/* rand - getrandom(2); see rand.h. */
#include "core/sys/rand.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void rand_bytes(void *p, size_t n)
{
	char *q = p;

	while (n) {
		ssize_t r = getrandom(q, n, 0);

		if (r < 0 && errno != EINTR)
			abort();	/* only ENOSYS on kernels older than 3.17 */
		if (r > 0) {
			q += r;
			n -= (size_t)r;
		}
	}
}

uint32_t rand_below(uint32_t n)
{
	uint32_t limit = UINT32_MAX - UINT32_MAX % n, v;

	do
		rand_bytes(&v, sizeof v);
	while (v >= limit);
	return v % n;
}
