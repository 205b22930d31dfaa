/* ip - IPv4 and IPv6 addresses as values, and which of them are this host's own. */
#ifndef CORE_NET_IP_H
#define CORE_NET_IP_H

#include <sys/socket.h>

#include "core/base/err.h"
#include "core/base/str.h"
#include "core/base/vec.h"

enum { IP_TEXT = 46 };	/* room for the longest printed address and its NUL */

struct ip {
	sa_family_t family;	/* AF_INET, AF_INET6, or 0: no address */
	unsigned char b[16];	/* network order; IPv4 uses the first four, the rest is zero */
};

/* Dotted IPv4 or IPv6 text (RFC 4291 section 2.2), nothing around it; no zone. */
bool ip_parse(struct str s, struct ip *out);
/* An address literal of mail: [192.0.2.1], [IPv6:2001:db8::1] (RFC 5321 section 4.1.3), also [2001:db8::1]. */
bool ip_parse_literal(struct str s, struct ip *out);
/* The text of an address ("" for none), IPv6 as RFC 5952 has it; returns text. */
const char *ip_print(const struct ip *ip, char text[IP_TEXT]);
bool ip_eq(const struct ip *a, const struct ip *b);
/* Whether a and b agree in their first bits bits. */
bool ip_within(const struct ip *a, const struct ip *b, unsigned bits);
/* An IPv4 address in IPv6 clothes (::ffff:a.b.c.d) becomes plain IPv4. */
void ip_unmap(struct ip *ip);
bool ip_is_any(const struct ip *ip);

/* To and from socket addresses; the first returns the length used. */
socklen_t ip_to_sockaddr(const struct ip *ip, unsigned port, struct sockaddr_storage *sa);
bool ip_from_sockaddr(const struct sockaddr *sa, struct ip *out, unsigned *port);

struct ip_list {
	VEC(struct ip) v;
};
/* This host's own addresses: interfaces and control/moreipme without control/notipme. */
int ip_own(struct ip_list *own, struct err *e);
/* Listed, or the unspecified address, which means this host too. */
bool ip_is_own(const struct ip_list *own, const struct ip *ip);

#endif
