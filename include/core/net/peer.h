/* peer - who is at the other end of a socket. */
#ifndef CORE_NET_PEER_H
#define CORE_NET_PEER_H

#include <stdbool.h>

enum { PEER_TEXT = 64 };

/* The peer's address as text when fd is a connected socket: an IPv4 or IPv6 address, "::1" for a
 * socket without family or in the file system, "?.?.?.?" for an unknown family. */
bool peer_ip(int fd, char text[PEER_TEXT]);

#endif
