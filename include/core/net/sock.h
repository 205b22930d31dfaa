<<<<<<< HEAD
/* sock - outgoing TCP connections. */
=======
/* sock - TCP sockets.  Descriptors are close-on-exec; failures return -1 with errno. */
>>>>>>> h2
#ifndef CORE_NET_SOCK_H
#define CORE_NET_SOCK_H

#include "core/net/ip.h"

<<<<<<< HEAD
/* Connect to ip and port within timeout_ms, from the address bind when it has a family.  A non-blocking
 * close-on-exec descriptor without Nagle's delay, for struct in and out with a timeout; or -1 with errno
 * (ETIMEDOUT after the limit). */
int sock_connect(const struct ip *ip, unsigned port, const struct ip *bind, int timeout_ms);
/* The two ends of a connected socket; 0 or -1 with errno.  port may be NULL. */
int sock_local(int fd, struct ip *ip, unsigned *port);
int sock_peer(int fd, struct ip *ip, unsigned *port);
/* Whether a failed connection counts against the host (tcpto, queue-and-delivery section 17). */
bool sock_host_failed(int num);
=======
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
/* Whether a failed connection says that the host cannot be reached now, by errno. */
bool sock_unreachable(int num);
int sock_local(int fd, struct sock_end *at);	/* our end */
void sock_nodelay(int fd);			/* send small segments at once */
void sock_no_options(int fd);			/* drop IP options, source routes among them */
/* A port: a number up to 65535 or a TCP name of /etc/services. */
bool sock_port(struct str name, unsigned *port);
>>>>>>> h2

#endif
