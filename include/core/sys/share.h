/* share - memory that stays common to a process and the children it forks. */
#ifndef CORE_SYS_SHARE_H
#define CORE_SYS_SHARE_H

#include <stddef.h>

/* n zero bytes; pages that are never touched cost nothing.  NULL with errno. */
void *share_memory(size_t n);

/* The first n bytes of a file as common memory, for whoever maps it.  NULL with errno. */
void *share_file(int fd, size_t n);
void share_end(void *p, size_t n);
/* This process does without the pages of such files until it touches them again: they stay with the system. */
void share_release(void);

#endif
