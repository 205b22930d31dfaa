/* ip - internet addresses, IPv4 and IPv6 in one type, and their text. */
#ifndef CORE_NET_IP_H
#define CORE_NET_IP_H

#include <stdint.h>

#include "core/base/buf.h"

struct ip {
	unsigned char a[16];	/* network order; IPv4 as ::ffff:a.b.c.d */
	uint32_t scope;		/* interface index of a link-local address, 0 none */
};

/* "192.0.2.1", "2001:db8::1", either in [brackets]; leading zeros of decimal parts are allowed. */
bool ip_scan(struct str s, struct ip *ip);
bool ip_is4(const struct ip *ip);			/* IPv4, or IPv4 mapped into IPv6 */
bool ip_any(const struct ip *ip);			/* 0.0.0.0 or :: */
bool ip_same(const struct ip *a, const struct ip *b);	/* scope ignored */
void ip_fmt(struct buf *b, const struct ip *ip);	/* IPv4 as dotted quad; appends */
void ip_fmt6(struct buf *b, const struct ip *ip);	/* always the IPv6 form: ::ffff:192.0.2.1 */
/* Is this text an address of this machine?  Its interfaces, with control/moreipme and notipme. */
bool ip_own(struct str text);

#endif
