/* listen - listening sockets; see listen.h. */
#include "core/net/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "core/base/buf.h"
#include "core/base/num.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

static int listen_on(int fd, const struct ip *ip, unsigned port, int backlog)
{
	int on = 1, off = 0;
	struct sockaddr_storage sa;
	socklen_t n = ip_to_sockaddr(ip, port, &sa);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (ip->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, (struct sockaddr *)&sa, n) == 0 && listen(fd, backlog) == 0)
		return fd;
	int num = errno;

	fd_close(fd);
	errno = num;
	return -1;
}

int listen_open(const struct ip *ip, unsigned port, int backlog, bool only4)
{
	struct ip at = *ip;

	if (!at.family || (at.family == AF_INET && ip_is_any(&at)))
		at = (struct ip){.family = AF_INET6};
	if (only4 && ip_is_any(&at))
		at.family = AF_INET;
	int fd = socket(at.family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno == EAFNOSUPPORT && ip_is_any(&at)) {
		at.family = AF_INET;
		fd = socket(at.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	}
	return fd < 0 ? -1 : listen_on(fd, &at, port, backlog);
}

int listen_accept(int fd, struct ip *peer, unsigned *port)
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof sa;
	int s = accept4(fd, (struct sockaddr *)&sa, &n, SOCK_CLOEXEC);

	*peer = (struct ip){0};
	*port = 0;
	if (s >= 0 && ip_from_sockaddr((struct sockaddr *)&sa, peer, port))
		ip_unmap(peer);
	return s;
}

void listen_nodelay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void listen_no_options(int fd)
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

bool listen_port(struct str name, unsigned *port)
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
