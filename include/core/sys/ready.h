/* ready - which of many descriptors can be used now; for processes that serve thousands of them. */
#ifndef CORE_SYS_READY_H
#define CORE_SYS_READY_H

#include <poll.h>
#include <stdint.h>

enum { READY_MAX = 64 };	/* told at a time */

struct ready {
	uint64_t who;
	short events;		/* of poll */
};

/* A set; -1 with errno.  Descriptors leave it by ready_forget; closing one is not enough while another process or
 * descriptor has the same socket open. */
int ready_open(void);
/* Watch fd for events (POLLIN, POLLOUT; 0: only for its end) and call it who; again to change them. */
int ready_watch(int set, int fd, short events, uint64_t who);
void ready_forget(int set, int fd);
/* Wait at most timeout_ms: how many of out were filled, -1 with errno (EINTR included). */
int ready_wait(int set, struct ready out[READY_MAX], int timeout_ms);

#endif
