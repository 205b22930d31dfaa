/* sock - outgoing TCP connections; see sock.h. */
#include "core/net/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "core/sys/fd.h"

/* The outcome of a connection under way. */
static int await(int fd, int timeout_ms)
{
	int num = 0, r = fd_wait(fd, POLLOUT, timeout_ms);
	socklen_t n = sizeof num;

	if (r == 0)
		errno = ETIMEDOUT;
	if (r <= 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &num, &n) < 0)
		return -1;
	errno = num;
	return num ? -1 : 0;
}

static int prepare(int fd, const struct ip *bind_to)
{
	struct sockaddr_storage sa;
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (!bind_to || !bind_to->family)
		return 0;
#ifdef IP_BIND_ADDRESS_NO_PORT
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
#endif
	return bind(fd, (struct sockaddr *)&sa, ip_to_sockaddr(bind_to, 0, &sa));
}

int sock_connect(const struct ip *ip, unsigned port, const struct ip *bind_to, int timeout_ms)
{
	struct sockaddr_storage sa;
	socklen_t n = ip_to_sockaddr(ip, port, &sa);
	int fd = socket(ip->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (prepare(fd, bind_to) < 0)
		goto failed;
	if (connect(fd, (struct sockaddr *)&sa, n) < 0 && ((errno != EINPROGRESS && errno != EINTR) ||
			await(fd, timeout_ms) < 0))
		goto failed;
	return fd;
failed:;
	int num = errno;

	fd_close(fd);
	errno = num;
	return -1;
}

static int end_of(int (*get)(int, struct sockaddr *, socklen_t *), int fd, struct ip *ip, unsigned *port)
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof sa;

	if (get(fd, (struct sockaddr *)&sa, &n) < 0)
		return -1;
	if (!ip_from_sockaddr((struct sockaddr *)&sa, ip, port)) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return 0;
}

int sock_local(int fd, struct ip *ip, unsigned *port)
{
	return end_of(getsockname, fd, ip, port);
}

int sock_peer(int fd, struct ip *ip, unsigned *port)
{
	return end_of(getpeername, fd, ip, port);
}

bool sock_host_failed(int num)
{
	return num == ETIMEDOUT || num == ECONNREFUSED || num == EHOSTDOWN || num == ENETUNREACH || num == EHOSTUNREACH;
}
