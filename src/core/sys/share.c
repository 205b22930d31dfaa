/* share - common memory; see share.h. */
#include "core/sys/share.h"

#include <sys/mman.h>

#include "core/sys/fault.h"

void *share_memory(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* What share_release may let go of; more than that stays. */
static struct {
	void *p;
	size_t n;
} files[64];
enum { FILES = sizeof files / sizeof *files };

static void note(void *was, void *p, size_t n)
{
	for (int i = 0; i < FILES; i++)
		if (files[i].p == was) {
			files[i].p = p;
			files[i].n = n;
			return;
		}
}

void *share_file(int fd, size_t n)
{
	void *p = FAULT("mmap") ? MAP_FAILED : mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return NULL;
	note(NULL, p, n);
	return p;
}

void share_end(void *p, size_t n)
{
	note(p, NULL, 0);
	munmap(p, n);
}

void share_release(void)
{
	for (int i = 0; i < FILES; i++)
		if (files[i].p)
			madvise(files[i].p, files[i].n, MADV_DONTNEED);
}
