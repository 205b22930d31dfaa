/* ip - internet addresses, IPv4 and IPv6 in one type, and their text. */
#ifndef CORE_NET_IP6_H
#define CORE_NET_IP6_H

#include <stdint.h>

#include "core/base/buf.h"

struct ip6 {
	unsigned char a[16];	/* network order; IPv4 as ::ffff:a.b.c.d */
	uint32_t scope;		/* interface index of a link-local address, 0 none */
};

/* "192.0.2.1", "2001:db8::1", either in [brackets]; leading zeros of decimal parts are allowed. */
bool ip6_scan(struct str s, struct ip6 *ip);
bool ip6_is4(const struct ip6 *ip);			/* IPv4, or IPv4 mapped into IPv6 */
bool ip6_any(const struct ip6 *ip);			/* 0.0.0.0 or :: */
bool ip6_same(const struct ip6 *a, const struct ip6 *b);	/* scope ignored */
void ip6_fmt(struct buf *b, const struct ip6 *ip);	/* IPv4 as dotted quad; appends */
void ip6_fmt_long(struct buf *b, const struct ip6 *ip);	/* always the IPv6 form: ::ffff:192.0.2.1 */
/* Is this text an address of this machine?  Its interfaces, with control/moreipme and notipme. */
bool ip6_own(struct str text);

#endif
