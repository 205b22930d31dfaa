/* idle - giving back memory; see idle.h. */
#include "core/sys/idle.h"

#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>

enum { PAGE = 4096, STACK_BELOW = 128 * 1024 };

/* madvise works on what is mapped of a range even where it complains about the rest. */
static void drop(uintptr_t from, uintptr_t to)
{
	int keep = errno;

	from = (from + PAGE - 1) / PAGE * PAGE;
	to = to / PAGE * PAGE;
	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
	errno = keep;
}

void idle_forget(void *p, size_t n)
{
	drop((uintptr_t)p, (uintptr_t)p + n);
}

/* Segments that were never writable hold nothing but what the file holds. */
static int drop_text(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		if (h->p_type == PT_LOAD && !(h->p_flags & PF_W))
			drop(info->dlpi_addr + h->p_vaddr, info->dlpi_addr + h->p_vaddr + h->p_memsz);
	}
	return 0;
}

static void drop_stack(void)
{
	char here;
	uintptr_t top = (uintptr_t)&here - 2 * PAGE;	/* what this call itself uses, and a signal might */

	drop(top - STACK_BELOW, top);
}

void idle_release(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	drop_stack();
	dl_iterate_phdr(drop_text, NULL);
}
