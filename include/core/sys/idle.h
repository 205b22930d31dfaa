/* idle - give back memory while there is nothing to do: thousands of sessions mostly wait. */
#ifndef CORE_SYS_IDLE_H
#define CORE_SYS_IDLE_H

#include <poll.h>
#include <stddef.h>

/* Pages the process can do without until it wakes up go back to the kernel: free memory of the heap, stack that is not in
 * use, program text and common memory that a file holds (read again from there when it is needed).  Costs some
 * twenty microseconds now and at the next step. */
void idle_release(void);

/* As fd_poll and sig_wait, for daemons: who has waited for a second gives back memory before waiting on. */
int idle_poll(struct pollfd *fds, size_t n, int timeout_ms);
int idle_sig_wait(const int *sigs, int n, long timeout_ms);

/* The contents of a buffer are not needed any more: whole pages in it become zeroes and take no memory. */
void idle_forget(void *p, size_t n);

/* Learn what idle_release needs to know, for the processes forked later: asking in each would cost each some memory.  What
 * they free of the heap, up to a megabyte, then stays with them until they are idle: not every message asks for it anew. */
void idle_prepare(void);

#endif
