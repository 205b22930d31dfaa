/* hops - the addresses to try for a domain, best first (RFC 5321 section 5): MX records, else the
 * host's own addresses; those no better than this host itself are left out. */
#ifndef CORE_SMTP_HOPS_H
#define CORE_SMTP_HOPS_H

#include <stdint.h>

#include "core/net/dns.h"

enum {
	HOPS_MX = 50,		/* mail exchangers asked for */
	HOPS_MAX = 100,		/* addresses tried */
};

struct hop {
	struct ip ip;
	unsigned pref;
	uint32_t random;	/* order among equals */
	struct str host;	/* the exchanger's name; lives in the hops' arena */
	bool qmtp;		/* the preference offers QMTP (MXPS) */
};

enum hops_status {
	HOPS_FOUND,
	HOPS_NONE,	/* no mail exchanger has an address */
	HOPS_NONAME,	/* no such domain */
	HOPS_NULL,	/* the domain takes no mail (RFC 7505) */
	HOPS_LOOP,	/* we are the best exchanger ourselves */
	HOPS_SOFT,
};

struct hops {
	VEC(struct hop) v;
	struct arena mem;
};
void hops_free(struct hops *h);

/* For a relay: its addresses, no MX, no check against our own.  name may be an address, or [address]. */
enum hops_status hops_relay(struct dns *d, struct str name, struct hops *h);
/* For a domain; own NULL: do not look for ourselves. */
enum hops_status hops_domain(struct dns *d, struct str name, const struct ip_list *own, struct hops *h);
/* Leave out addresses that are no better than our own. */
enum hops_status hops_drop_own(struct hops *h, const struct ip_list *own);

#endif
