/* fd - descriptors; see fd.h. */
#include "core/sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/sys/clock.h"
#include "core/sys/fault.h"

ssize_t fd_read(int fd, void *p, size_t n)
{
	ssize_t r;

	if (FAULT("read"))
		return -1;
	do
		r = read(fd, p, n);
	while (r < 0 && errno == EINTR);
	return r;
}

ssize_t fd_read_at(int fd, void *p, size_t n, off_t pos)
{
	ssize_t r;

	if (FAULT("pread"))
		return -1;
	do
		r = pread(fd, p, n, pos);
	while (r < 0 && errno == EINTR);
	return r;
}

int fd_read_all(int fd, void *p, size_t n)
{
	char *q = p;

	while (n) {
		ssize_t r = fd_read(fd, q, n);

		if (r <= 0) {
			if (r == 0)
				errno = EPIPE;
			return -1;
		}
		q += r;
		n -= (size_t)r;
	}
	return 0;
}

ssize_t fd_write(int fd, const void *p, size_t n)
{
	ssize_t r;

	if (FAULT("write"))
		return -1;
	do
		r = write(fd, p, n);
	while (r < 0 && errno == EINTR);
	return r;
}

ssize_t fd_write_now(int fd, const void *p, size_t n)
{
	ssize_t r;

	if (FAULT("write"))
		return -1;
	do
		r = send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r;
}

ssize_t fd_write_parts(int fd, const struct iovec *v, int n)
{
	ssize_t r;

	if (FAULT("write"))
		return -1;
	while ((r = writev(fd, v, n)) < 0 && errno == EINTR)
		;
	return r;
}

int fd_write_parts_at(int fd, struct iovec *v, int n, off_t pos)
{
	while (n) {
		ssize_t r = FAULT("pwritev") ? -1 : pwritev(fd, v, n, pos);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		pos += r;
		for (; n && (size_t)r >= v->iov_len; v++, n--)
			r -= (ssize_t)v->iov_len;
		if (n) {
			v->iov_base = (char *)v->iov_base + r;
			v->iov_len -= (size_t)r;
		}
	}
	return 0;
}

ssize_t fd_write_at(int fd, const void *p, size_t n, off_t pos)
{
	ssize_t r;

	if (FAULT("pwrite"))
		return -1;
	do
		r = pwrite(fd, p, n, pos);
	while (r < 0 && errno == EINTR);
	return r;
}

int fd_write_all(int fd, const void *p, size_t n)
{
	const char *q = p;

	while (n) {
		ssize_t r = fd_write(fd, q, n);

		if (r < 0 && errno == EAGAIN && fd_wait(fd, POLLOUT, -1) > 0)
			continue;
		if (r < 0)
			return -1;
		q += r;
		n -= (size_t)r;
	}
	return 0;
}

int fd_close(int fd)
{
	return fd < 0 ? 0 : close(fd);
}

int fd_end(int fd)
{
	return shutdown(fd, SHUT_WR);
}

int fd_copy(int to, int from)
{
	if (to == from)
		return fd_cloexec(to, false);
	return dup2(from, to) < 0 ? -1 : 0;
}

int fd_move(int to, int from)
{
	if (to == from)
		return fd_cloexec(to, false);
	if (fd_copy(to, from) < 0)
		return -1;
	return close(from);
}

int fd_dup_above(int fd, int low)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, low);
}

int fd_dup(int fd)
{
	return fd_dup_above(fd, 3);
}

int fd_pipe(int p[2])
{
	if (FAULT("pipe"))
		return -1;
	return pipe2(p, O_CLOEXEC);
}

static int flag(int fd, int get, int set, int bit, bool on)
{
	int f = fcntl(fd, get, 0);

	if (f < 0)
		return -1;
	return fcntl(fd, set, on ? f | bit : f & ~bit);
}

int fd_nonblock(int fd, bool on)
{
	return flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, on);
}

bool fd_nonblocking(int fd)
{
	int f = fcntl(fd, F_GETFL, 0);

	return f >= 0 && f & O_NONBLOCK;
}

int fd_cloexec(int fd, bool on)
{
	return flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, on);
}

bool fd_open(int fd)
{
	return fcntl(fd, F_GETFD, 0) >= 0;
}

bool fd_terminal(int fd)
{
	return isatty(fd);
}

int fd_close_from(int low)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)low, ~0u, 0u) == 0)
		return 0;
#endif
	long max = sysconf(_SC_OPEN_MAX);

	for (int fd = low; fd < (max > 0 && max < 65536 ? (int)max : 65536); fd++)
		close(fd);
	return 0;
}

/* poll tells many numbers at a time which of them are open; numbers are handed out lowest first, so that a
 * whole block without one is the end. */
void fd_close_marked(void)
{
	enum { BLOCK = 1024 };
	struct pollfd p[BLOCK];
	long max = sysconf(_SC_OPEN_MAX);

	for (int low = 3, used = 1; used && low < max; low += BLOCK) {
		int n = max - low < BLOCK ? (int)(max - low) : BLOCK;

		used = 0;
		for (int i = 0; i < n; i++)
			p[i] = (struct pollfd){.fd = low + i};
		if (poll(p, (nfds_t)n, 0) < 0)
			return;
		for (int i = 0; i < n; i++) {
			if (p[i].revents & POLLNVAL)
				continue;
			used = 1;
			if (fcntl(low + i, F_GETFD) == FD_CLOEXEC)
				close(low + i);
		}
	}
}

int fd_null(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* a root without devices: an empty file of nobody else's that stays empty does as well */
	if (null < 0 && (null = memfd_create("null", MFD_CLOEXEC | MFD_ALLOW_SEALING)) >= 0)
		fcntl(null, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_WRITE);
	if (null < 0)
		return -1;
	return null == fd ? fd_cloexec(fd, false) : fd_move(fd, null);
}

int fd_memory(const char *name, const void *p, size_t n)
{
	int fd = FAULT("memfd_create") ? -1 : memfd_create(name, MFD_CLOEXEC);
	struct iovec v = {(void *)(size_t)p, n};

	if (fd >= 0 && fd_write_parts_at(fd, &v, 1, 0) < 0) {
		fd_close(fd);
		fd = -1;
	}
	return fd;
}

off_t fd_seek(int fd, off_t pos)
{
	return lseek(fd, pos, SEEK_SET);
}

off_t fd_tell(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

int fd_poll(struct pollfd *fds, size_t n, int timeout_ms)
{
	return poll(fds, (nfds_t)n, timeout_ms);
}

int fd_wait(int fd, short events, int timeout_ms)
{
	struct pollfd p = {fd, events, 0};
	long long end = timeout_ms < 0 ? 0 : clock_mono_ms() + timeout_ms;

	for (;;) {
		int r = poll(&p, 1, timeout_ms);

		if (r >= 0 || errno != EINTR)
			return r > 0 ? 1 : r;
		if (timeout_ms >= 0) {
			long long left = end - clock_mono_ms();

			timeout_ms = left > 0 ? (int)left : 0;
		}
	}
}

enum { FDS_MAX = 8 };

int fd_timeout(int sock, int ms)
{
	struct timeval t = {ms / 1000, ms % 1000 * 1000};

	return setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

int fd_send(int sock, const void *p, size_t n, const int *fds, int count)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec v = {(void *)(size_t)p, n};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	ssize_t r;

	if (count > FDS_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (count > 0) {
		memset(&control, 0, sizeof control);
		m.msg_control = control.space;
		m.msg_controllen = (socklen_t)CMSG_SPACE((size_t)count * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = (socklen_t)CMSG_LEN((size_t)count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, (size_t)count * sizeof(int));
	}
	do
		r = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -1;
	if ((size_t)r < n)
		return fd_write_all(sock, (const char *)p + r, n - (size_t)r);
	return 0;
}

ssize_t fd_recv(int sock, void *p, size_t n, int *fds, int max, int *count)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control;
	struct iovec v = {p, n};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = control.space, .msg_controllen = sizeof control.space};
	ssize_t r;

	*count = 0;
	do
		r = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t got = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < got; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (*count < max)
				fds[(*count)++] = fd;
			else
				close(fd);
		}
	}
	return r;
}
