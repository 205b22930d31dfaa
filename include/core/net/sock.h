/* sock - outgoing TCP connections. */
#ifndef CORE_NET_SOCK_H
#define CORE_NET_SOCK_H

#include "core/net/ip.h"

/* Connect to ip and port within timeout_ms, from the address bind when it has a family.  A non-blocking
 * close-on-exec descriptor without Nagle's delay, for struct in and out with a timeout; or -1 with errno
 * (ETIMEDOUT after the limit). */
int sock_connect(const struct ip *ip, unsigned port, const struct ip *bind, int timeout_ms);
/* The two ends of a connected socket; 0 or -1 with errno.  port may be NULL. */
int sock_local(int fd, struct ip *ip, unsigned *port);
int sock_peer(int fd, struct ip *ip, unsigned *port);
/* Whether a failed connection counts against the host (tcpto, queue-and-delivery section 17). */
bool sock_host_failed(int num);

#endif
