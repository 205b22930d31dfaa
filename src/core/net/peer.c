/* peer - address of the other end; see peer.h. */
#include "core/net/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

bool peer_ip(int fd, char text[PEER_TEXT])
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} a;
	socklen_t n = sizeof a;

	if (getpeername(fd, &a.any, &n) < 0)
		return false;
	if (a.any.sa_family == AF_INET)
		inet_ntop(AF_INET, &a.v4.sin_addr, text, PEER_TEXT);
	else if (a.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a.v6.sin6_addr))
		inet_ntop(AF_INET, &a.v6.sin6_addr.s6_addr[12], text, PEER_TEXT);
	else if (a.any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &a.v6.sin6_addr, text, PEER_TEXT);
	else
		snprintf(text, PEER_TEXT, "%s", a.any.sa_family == AF_UNSPEC || a.any.sa_family == AF_UNIX ?
			"::1" : "?.?.?.?");
	return true;
}
