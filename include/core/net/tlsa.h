/* tlsa - certificates against the records of a domain (DANE: RFC 6698, 7671, 7672 for mail). */
#ifndef CORE_NET_TLSA_H
#define CORE_NET_TLSA_H

#include "core/net/dnsmsg.h"
#include "core/net/tls.h"

/* Whether mail may rely on a record: usage 2 or 3, selector 0 or 1, match 0, 1 or 2 (RFC 7672 section 3.1.3). */
bool tlsa_usable(const struct dns_tlsa *r);
/* Whether the peer showed a certificate that a usable record names: its own for usage 3, one further up for usage 2.
 * That the chain leads from there to the peer's own certificate is not proved by this. */
bool tlsa_match(const struct dns_tlsa *r, const struct tls *t);
/* Append "U S M HEX"; the hexadecimal digits of the data alone. */
void tlsa_fmt(struct buf *b, const struct dns_tlsa *r);
void tlsa_hex(struct buf *b, const struct dns_tlsa *r);
/* Append the owner of the records of a host's port: "_25._tcp.HOST". */
void tlsa_name(struct buf *b, struct str host, unsigned port);

#endif
