/* dnsmsg - messages of the domain name system (RFC 1035, 6698, 6840, 6891): a question made, an answer
 * read.  Pure functions over bytes; what they build is bounded by the 64 KB of a message. */
#ifndef CORE_NET_DNSMSG_H
#define CORE_NET_DNSMSG_H

#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/net/ip.h"

enum dns_type {
	DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28,
	DNS_TLSA = 52,
};

enum dns_status {
	DNS_FOUND,
	DNS_NODATA,	/* the name exists, not this type: permanent */
	DNS_NONAME,	/* no such name (NXDOMAIN) or not a name at all: permanent */
	DNS_SOFT,	/* servers failed or did not answer: temporary */
};

struct dns_mx {
	unsigned pref;
	struct str host;	/* lower case, without final dot; empty: the null MX of RFC 7505 */
};

struct dns_tlsa {
	unsigned usage, selector, match;
	struct str data;	/* bytes */
	uint32_t ttl;		/* seconds */
};

/* One answer; the caller keeps it in place until dns_wait returns and frees it.  Text lives in mem. */
struct dns_answer {
	enum dns_status status;
	VEC(struct ip) ips;		/* addresses, IPv4 before IPv6 */
	VEC(struct dns_mx) mxs;
	VEC(struct str) texts;		/* TXT: one per record, its strings joined; PTR, CNAME, NS: names */
	VEC(struct dns_tlsa) tlsas;
	uint32_t ttl;			/* seconds, the least of the records that count; with DNS_FOUND */
	bool secure;			/* every part was authenticated (AD) by a resolver we may believe */
	struct arena mem;
	unsigned open;			/* questions under way, the resolver's business */
};
void dns_answer_free(struct dns_answer *a);

enum {
	DNSMSG_NAME = 255,	/* bytes of a name on the wire */
	DNSMSG_UDP = 1232,	/* the size offered with EDNS: needs no fragments */
	DNSMSG_CHAIN = 10,	/* aliases followed */
	DNSMSG_RECORDS = 500,	/* records of an answer that are looked at */
};

/* Append a question for records of a type: recursion and the AD bit wanted; edns: with the record of RFC 6891.  The
 * name is text; \. is a dot within a label and \DDD a byte in decimal.  False: it is no name (empty label, a label of
 * more than 63 bytes, more than 255 in all); out is untouched. */
bool dnsmsg_ask(struct buf *out, unsigned id, struct str name, unsigned type, bool edns);

struct dnsmsg_end {
	struct str name;	/* the alias chain of the answer ends here, in the answer's arena */
	bool again;		/* nothing was said of that end: it must be asked for by itself */
	bool ad;		/* the server says that it has authenticated this */
	bool edns_refused;	/* the server understands no EDNS */
};
/* Read an answer to that question: records of the type that belong to the name or to the end of its chain of
 * aliases are appended to a, their time to live lowers a->ttl.  Records of other names do not count.  DNS_SOFT: not
 * an answer to this question, damaged, a server's failure, aliases in a circle; a has then got nothing. */
enum dns_status dnsmsg_read(struct str msg, struct str name, unsigned type, struct dns_answer *a,
	struct dnsmsg_end *end);

#endif
