/* sock - TCP sockets.  Descriptors are close-on-exec; failures return -1 with errno. */
#ifndef CORE_NET_LISTEN_H
#define CORE_NET_LISTEN_H

#include "core/net/ip6.h"

struct listen_end {
	struct ip6 ip;
	unsigned port;
};

/* A listening socket on at (port 0: any free one).  The address :: takes IPv4 clients as well, where the
 * system has IPv6 at all; only4 makes it a plain IPv4 socket. */
int listen_open(const struct listen_end *at, int backlog, bool only4);
/* The next connection and its peer. */
int listen_accept(int fd, struct listen_end *peer);
/* Connect from an address (port 0: any; from NULL: any address) within timeout milliseconds. */
int listen_connect(const struct listen_end *to, const struct listen_end *from, int timeout_ms);
int listen_local(int fd, struct listen_end *at);	/* our end */
void listen_nodelay(int fd);			/* send small segments at once */
void listen_no_options(int fd);			/* drop IP options, source routes among them */
/* A port: a number up to 65535 or a TCP name of /etc/services. */
bool listen_port(struct str name, unsigned *port);

#endif
