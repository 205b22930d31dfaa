/* listen - the server's side of TCP: listening sockets and what is set on accepted ones.
 * Descriptors are close-on-exec; failures return -1 with errno. */
#ifndef CORE_NET_LISTEN_H
#define CORE_NET_LISTEN_H

#include "core/net/ip.h"

/* A listening socket on ip and port (0: any free one).  The address :: (and no address: family 0) takes
 * clients of both families where the system has IPv6; only4: IPv4 clients alone. */
int listen_open(const struct ip *ip, unsigned port, int backlog, bool only4);
/* The next connection and its peer, as plain IPv4 when it is that. */
int listen_accept(int fd, struct ip *peer, unsigned *port);
void listen_nodelay(int fd);			/* send small segments at once */
void listen_no_options(int fd);			/* drop IP options, source routes among them */
/* A port: a number up to 65535 or a TCP name of /etc/services. */
bool listen_port(struct str name, unsigned *port);

#endif
