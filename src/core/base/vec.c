/* vec - growth of typed arrays; see vec.h. */
#include "core/base/vec.h"

#include <string.h>

#include "core/base/mem.h"

void vec_room(void **p, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap;
	void *q;

	if (want <= n)
		return;
	while (n < want)
		n = n ? n + n / 2 + 1 : 8;
	/* the pointer's declared type is the caller's: move it as bytes */
	memcpy(&q, p, sizeof q);
	q = mem_resize(q, n * size);
	memcpy(p, &q, sizeof q);
	*cap = n;
}

void vec_release(void **p)
{
	void *q;

	memcpy(&q, p, sizeof q);
	mem_free(q);
	q = NULL;
	memcpy(p, &q, sizeof q);
}
