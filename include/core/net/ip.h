/* ip - internet addresses, IPv4 and IPv6 in one type, and their text. */
#ifndef CORE_NET_IP_H
#define CORE_NET_IP_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/vec.h"

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
/* A domain literal of an address: [192.0.2.1], [IPv6:2001:db8::1] (RFC 5321 section 4.1.3). */
bool ip_literal(struct str s, struct ip *ip);
enum { IP_TEXT = 46 };
/* The text of ip_fmt in a small array; returns it. */
const char *ip_text(const struct ip *ip, char text[IP_TEXT]);
struct sockaddr;
/* The address in a socket address; false: neither IPv4 nor IPv6. */
bool ip_from(const struct sockaddr *sa, struct ip *ip);

struct ip_list {
	VEC(struct ip) v;
};
/* All addresses of this machine, the unspecified ones included. */
int ip_own_all(struct ip_list *own, struct err *e);
bool ip_listed(const struct ip_list *l, const struct ip *ip);
/* Is this text an address of this machine?  Its interfaces, with control/moreipme and notipme. */
bool ip_own(struct str text);

#endif
