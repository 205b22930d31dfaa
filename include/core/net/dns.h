/* dns - questions to the domain name system (RFC 1035), asked side by side and answered within a time
 * limit.  Truncated answers are fetched again over TCP, aliases are followed, host names are looked
 * up in /etc/hosts first.  Servers: DNS_SERVERS, else resolv.conf.  A resolver belongs to the process
 * that opened it. */
#ifndef CORE_NET_DNS_H
#define CORE_NET_DNS_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/net/ip.h"

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

/* One answer; the caller keeps it in place until dns_wait returns and frees it.  Text lives in mem. */
struct dns_answer {
	enum dns_status status;
	VEC(struct ip) ips;		/* addresses */
	VEC(struct dns_mx) mxs;
	VEC(struct str) texts;		/* TXT: one per record, its strings joined; PTR, CNAME: names */
	struct arena mem;
	unsigned open;			/* questions under way, the resolver's business */
};
void dns_answer_free(struct dns_answer *a);

struct dns;
/* A resolver whose dns_wait takes at most limit_ms milliseconds. */
struct dns *dns_open(int limit_ms, struct err *e);
void dns_close(struct dns *d);

/* Ask; the answer is there after dns_wait.  Any number of questions may be under way. */
void dns_ask_ip(struct dns *d, struct str name, struct dns_answer *a);	/* A and AAAA */
void dns_ask_mx(struct dns *d, struct str name, struct dns_answer *a);
void dns_ask_txt(struct dns *d, struct str name, struct dns_answer *a);
void dns_ask_cname(struct dns *d, struct str name, struct dns_answer *a);	/* the direct alias only */
void dns_ask_ptr(struct dns *d, const struct ip *ip, struct dns_answer *a);
void dns_wait(struct dns *d);

/* Ask and wait. */
enum dns_status dns_ip(struct dns *d, struct str name, struct dns_answer *a);
enum dns_status dns_mx(struct dns *d, struct str name, struct dns_answer *a);
enum dns_status dns_txt(struct dns *d, struct str name, struct dns_answer *a);
enum dns_status dns_ptr(struct dns *d, const struct ip *ip, struct dns_answer *a);
/* Replace name by the end of its chain of aliases (at most ten): DNS_FOUND when it was an alias,
 * DNS_NODATA when not (also when it does not exist), DNS_SOFT. */
enum dns_status dns_canonical(struct dns *d, struct buf *name);

#endif
