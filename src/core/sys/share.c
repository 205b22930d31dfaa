/* share - common memory; see share.h. */
#include "core/sys/share.h"

#include <sys/mman.h>

#include "core/sys/fault.h"

void *share_memory(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void *share_file(int fd, size_t n)
{
	void *p = FAULT("mmap") ? MAP_FAILED : mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

void share_end(void *p, size_t n)
{
	munmap(p, n);
}
