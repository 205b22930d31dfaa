/* ident - ask the client's host who opened the connection (RFC 1413). */
#ifndef CORE_NET_IDENT_H
#define CORE_NET_IDENT_H

#include "core/net/sock.h"

/* Replace *info by the answer, at most 256 bytes without blanks, tabs and CR; false and empty when there is
 * none within timeout milliseconds. */
bool ident_ask(const struct sock_end *local, const struct sock_end *peer, int timeout_ms, struct buf *info);

#endif
