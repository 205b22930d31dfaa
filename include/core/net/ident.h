/* ident - ask the client's host who opened the connection (RFC 1413). */
#ifndef CORE_NET_IDENT_H
#define CORE_NET_IDENT_H

#include "core/base/buf.h"
#include "core/net/ip.h"

/* Replace *info by the answer, at most 256 bytes without blanks, tabs and CR; false and empty when there is
 * none within timeout milliseconds. */
bool ident_ask(const struct ip *local, unsigned local_port, const struct ip *peer, unsigned peer_port,
	int timeout_ms, struct buf *info);

#endif
