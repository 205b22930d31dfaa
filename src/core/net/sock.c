/* sock - TCP sockets; see sock.h. */
#include "core/net/sock.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/base/num.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

union addr {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t pack(union addr *a, const struct sock_end *e, bool v4)
{
	memset(a, 0, sizeof *a);
	if (v4) {
		a->in.sin_family = AF_INET;
		a->in.sin_port = htons((uint16_t)e->port);
		if (ip_is4(&e->ip))
			memcpy(&a->in.sin_addr, e->ip.a + 12, 4);
		return sizeof a->in;
	}
	a->in6.sin6_family = AF_INET6;
	a->in6.sin6_port = htons((uint16_t)e->port);
	a->in6.sin6_scope_id = e->ip.scope;
	memcpy(&a->in6.sin6_addr, e->ip.a, 16);
	return sizeof a->in6;
}

static void unpack(const union addr *a, struct sock_end *e)
{
	memset(e, 0, sizeof *e);
	if (a->any.sa_family == AF_INET) {
		memset(e->ip.a + 10, 0xff, 2);
		memcpy(e->ip.a + 12, &a->in.sin_addr, 4);
		e->port = ntohs(a->in.sin_port);
	} else if (a->any.sa_family == AF_INET6) {
		memcpy(e->ip.a, &a->in6.sin6_addr, 16);
		e->ip.scope = a->in6.sin6_scope_id;
		e->port = ntohs(a->in6.sin6_port);
	}
}

static int new_socket(bool v4)
{
	return socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int listen_on(int fd, const struct sock_end *at, int backlog, bool v4)
{
	int on = 1, off = 0;
	union addr a;
	socklen_t n = pack(&a, at, v4);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (!v4)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, &a.any, n) == 0 && listen(fd, backlog) == 0)
		return fd;
	int num = errno;

	fd_close(fd);
	errno = num;
	return -1;
}

int sock_listen(const struct sock_end *at, int backlog, bool only4)
{
	bool v4 = only4 || (ip_is4(&at->ip) && !ip_any(&at->ip));
	int fd = new_socket(v4);

	if (fd < 0 && !v4 && ip_any(&at->ip) && errno == EAFNOSUPPORT) {
		v4 = true;
		fd = new_socket(v4);
	}
	return fd < 0 ? -1 : listen_on(fd, at, backlog, v4);
}

int sock_accept(int fd, struct sock_end *peer)
{
	union addr a;
	socklen_t n = sizeof a;
	int s = accept4(fd, &a.any, &n, SOCK_CLOEXEC);

	if (s >= 0)
		unpack(&a, peer);
	return s;
}

static int finish_connect(int fd, int timeout_ms)
{
	int r = fd_wait(fd, POLLOUT, timeout_ms), num = 0;
	socklen_t n = sizeof num;

	if (r == 0)
		num = ETIMEDOUT;
	else if (r < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &num, &n) < 0)
		num = errno;
	errno = num;
	return num ? -1 : 0;
}

int sock_connect(const struct sock_end *to, const struct sock_end *from, int timeout_ms)
{
	bool v4 = ip_is4(&to->ip);
	int fd = new_socket(v4), num;
	union addr a;
	socklen_t n;

	if (fd < 0)
		return -1;
	n = from ? pack(&a, from, v4) : 0;
	if (from && bind(fd, &a.any, n) < 0)
		goto fail;
	n = pack(&a, to, v4);
	if (fd_nonblock(fd, true) < 0)
		goto fail;
	if (connect(fd, &a.any, n) < 0 && (errno != EINPROGRESS || finish_connect(fd, timeout_ms) < 0))
		goto fail;
	if (fd_nonblock(fd, false) == 0)
		return fd;
fail:
	num = errno;
	fd_close(fd);
	errno = num;
	return -1;
}

int sock_datagram(const struct sock_end *to, struct str text)
{
	bool v4 = ip_is4(&to->ip);
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), num;
	union addr a;
	socklen_t n = pack(&a, to, v4);
	ssize_t r;

	if (fd < 0)
		return -1;
	r = sendto(fd, text.p, text.n, MSG_NOSIGNAL, &a.any, n);
	num = errno;
	fd_close(fd);
	errno = num;
	return r < 0 ? -1 : 0;
}

bool sock_unreachable(int num)
{
	return num == ETIMEDOUT || num == ECONNREFUSED || num == EHOSTDOWN || num == ENETUNREACH || num == EHOSTUNREACH;
}

int sock_plain(int family, int type, int protocol)
{
	return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

int sock_connect_scoped(int fd, const struct sockaddr *to, unsigned n, unsigned scope)
{
	union addr a = {.any = {0}};

	if (!scope || n != sizeof a.in6)
		return connect(fd, to, n);
	memcpy(&a.in6, to, sizeof a.in6);
	a.in6.sin6_scope_id = scope;
	return connect(fd, &a.any, sizeof a.in6);
}

ssize_t sock_receive(int fd, void *p, size_t n, int flags, struct sockaddr *from, unsigned *len)
{
	return recvfrom(fd, p, n, flags, from, len);
}

int sock_local(int fd, struct sock_end *at)
{
	union addr a;
	socklen_t n = sizeof a;

	if (getsockname(fd, &a.any, &n) < 0)
		return -1;
	unpack(&a, at);
	return 0;
}

int sock_peer(int fd, struct sock_end *at)
{
	union addr a;
	socklen_t n = sizeof a;

	if (getpeername(fd, &a.any, &n) < 0)
		return -1;
	if (a.any.sa_family != AF_INET && a.any.sa_family != AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	unpack(&a, at);
	return 0;
}

bool sock_path(int fd, struct buf *path)
{
	union {
		struct sockaddr any;
		struct sockaddr_un un;
	} a = {.un = {0}};
	socklen_t n = sizeof a - 1;

	if (getsockname(fd, &a.any, &n) < 0 || a.any.sa_family != AF_UNIX)
		return false;
	buf_set(path, str_z(a.un.sun_path));
	return true;
}

void sock_interface(const struct ip *ip, struct buf *name)
{
	char text[IF_NAMESIZE];

	if (ip->scope && if_indextoname(ip->scope, text))
		buf_adds(name, text);
}

void sock_nodelay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void sock_no_options(int fd)
{
	setsockopt(fd, IPPROTO_IP, IP_OPTIONS, NULL, 0);
}

/* One line "name  25/tcp  alias ..." */
static bool service_line(struct str line, struct str name, unsigned *port)
{
	struct str first, number, word;
	uint64_t n;
	bool hit;

	line = str_to(line, str_chr(line, '#'));
	first = str_word(&line);
	word = str_word(&line);
	number = str_cut(&word, '/');
	if (!word.p || !str_eq(word, STR("tcp")) || !num_parse(number, 65535, &n))
		return false;
	hit = str_eq(first, name);
	while (!hit && (word = str_word(&line)).n)
		hit = str_eq(word, name);
	if (hit)
		*port = (unsigned)n;
	return hit;
}

bool sock_port(struct str name, unsigned *port)
{
	struct buf text = BUF_INIT;
	uint64_t n;
	bool hit = num_parse(name, 65535, &n);

	if (hit)
		*port = (unsigned)n;
	else if (name.n && file_slurp("/etc/services", &text, 1 << 20) == 0)
		for (struct str rest = buf_str(&text); rest.p && !hit; )
			hit = service_line(str_cut(&rest, '\n'), name, port);
	buf_free(&text);
	return hit;
}
