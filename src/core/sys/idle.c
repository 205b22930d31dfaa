/* idle - giving back memory; see idle.h. */
#include "core/sys/idle.h"

#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/sys/share.h"
#include "core/sys/sig.h"

enum { STACK_BELOW = 128 * 1024, HEAP_KEPT = 1 << 20, AFTER_MS = 1000 };

/* 16 KB on some machines: what is rounded to less could take with it what lies behind. */
static uintptr_t page_size(void)
{
	static uintptr_t n;

	if (!n)
		n = (uintptr_t)sysconf(_SC_PAGESIZE);
	return n;
}

/* madvise works on what is mapped of a range even where it complains about the rest. */
static void drop(uintptr_t from, uintptr_t to)
{
	uintptr_t page = page_size();
	int keep = errno;

	from = (from + page - 1) / page * page;
	to = to / page * page;
	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
	errno = keep;
}

void idle_forget(void *p, size_t n)
{
	drop((uintptr_t)p, (uintptr_t)p + n);
}

static struct {
	uintptr_t from, to;
} text[64];
static int texts;

/* Segments that were never writable hold nothing but what the file holds. */
static int note_text(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum && texts < (int)(sizeof text / sizeof *text); i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		if (h->p_type != PT_LOAD || h->p_flags & PF_W)
			continue;
		text[texts].from = info->dlpi_addr + h->p_vaddr;
		text[texts++].to = info->dlpi_addr + h->p_vaddr + h->p_memsz;
	}
	return 0;
}

void idle_prepare(void)
{
	if (texts)
		return;
	dl_iterate_phdr(note_text, NULL);
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, HEAP_KEPT);
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
#endif
}

static void drop_stack(void)
{
	char here;
	uintptr_t top = (uintptr_t)&here - page_size();	/* what this call itself uses stays */

	drop(top - STACK_BELOW, top);
}

void idle_release(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	drop_stack();
	share_release();
	idle_prepare();
	for (int i = 0; i < texts; i++)
		drop(text[i].from, text[i].to);
}

/* The wait follows the release at once: hardly any text comes back for it. */
int idle_poll(struct pollfd *fds, size_t n, int timeout_ms)
{
	if (timeout_ms >= 0 && timeout_ms <= AFTER_MS)
		return poll(fds, (nfds_t)n, timeout_ms);
	int r = poll(fds, (nfds_t)n, AFTER_MS);

	if (r != 0)
		return r;
	idle_release();
	return poll(fds, (nfds_t)n, timeout_ms < 0 ? -1 : timeout_ms - AFTER_MS);
}

int idle_sig_wait(const int *sigs, int n, long timeout_ms)
{
	if (timeout_ms <= AFTER_MS)
		return sig_wait(sigs, n, timeout_ms);
	int sig = sig_wait(sigs, n, AFTER_MS);

	if (sig)
		return sig;
	idle_release();
	return sig_wait(sigs, n, timeout_ms - AFTER_MS);
}
