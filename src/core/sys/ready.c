/* ready - epoll; see ready.h. */
#include "core/sys/ready.h"

#include <errno.h>
#include <sys/epoll.h>

#include "core/sys/fault.h"

int ready_open(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

int ready_watch(int set, int fd, short events, uint64_t who)
{
	struct epoll_event e = {(events & POLLIN ? EPOLLIN : 0u) | (events & POLLOUT ? EPOLLOUT : 0u), {.u64 = who}};

	if (FAULT("epoll_ctl"))
		return -1;
	if (epoll_ctl(set, EPOLL_CTL_MOD, fd, &e) == 0)
		return 0;
	return errno == ENOENT ? epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) : -1;
}

void ready_forget(int set, int fd)
{
	struct epoll_event e = {0};

	epoll_ctl(set, EPOLL_CTL_DEL, fd, &e);
}

int ready_wait(int set, struct ready out[READY_MAX], int timeout_ms)
{
	struct epoll_event e[READY_MAX];
	int n = epoll_wait(set, e, READY_MAX, timeout_ms);

	for (int i = 0; i < n; i++)
		out[i] = (struct ready){e[i].data.u64, (short)((e[i].events & EPOLLIN ? POLLIN : 0) |
			(e[i].events & EPOLLOUT ? POLLOUT : 0) | (e[i].events & (EPOLLHUP | EPOLLERR) ? POLLHUP : 0))};
	return n;
}
