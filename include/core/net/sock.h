/* sock - TCP sockets.  Descriptors are close-on-exec; failures return -1 with errno. */
#ifndef CORE_NET_SOCK_H
#define CORE_NET_SOCK_H

#include <sys/types.h>

#include "core/net/ip.h"

struct sock_end {
	struct ip ip;
	unsigned port;
};

/* A listening socket on at (port 0: any free one).  The address :: takes IPv4 clients as well, where the
 * system has IPv6 at all; only4 makes it a plain IPv4 socket. */
int sock_listen(const struct sock_end *at, int backlog, bool only4);
/* The next connection and its peer. */
int sock_accept(int fd, struct sock_end *peer);
/* Connect from an address (port 0: any; from NULL: any address) within timeout milliseconds. */
int sock_connect(const struct sock_end *to, const struct sock_end *from, int timeout_ms);
/* Send one datagram (UDP): 0, or -1 with errno.  Whether it arrives nobody says. */
int sock_datagram(const struct sock_end *to, struct str text);
/* Whether a failed connection says that the host cannot be reached now, by errno. */
bool sock_unreachable(int num);
/* For resolver libraries, whose calls these are: a socket that never blocks; connect through an interface (scope,
 * 0 any); one datagram or what has come, with where from. */
struct sockaddr;
struct iovec;
int sock_plain(int family, int type, int protocol);
int sock_connect_scoped(int fd, const struct sockaddr *to, unsigned n, unsigned scope);
ssize_t sock_receive(int fd, void *p, size_t n, int flags, struct sockaddr *from, unsigned *len);
int sock_local(int fd, struct sock_end *at);	/* our end */
int sock_peer(int fd, struct sock_end *at);	/* the other end; EAFNOSUPPORT when it has no internet address */
/* Whether fd is a Unix socket; its path (empty: without name) replaces *path. */
bool sock_path(int fd, struct buf *path);
/* The interface a link-local address belongs to, appended; nothing for others. */
void sock_interface(const struct ip *ip, struct buf *name);
void sock_nodelay(int fd);			/* send small segments at once */
void sock_no_options(int fd);			/* drop IP options, source routes among them */
/* A port: a number up to 65535 or a TCP name of /etc/services. */
bool sock_port(struct str name, unsigned *port);

#endif
