/* dns - questions to the domain name system (RFC 1035), asked side by side and answered within a time
 * limit.  Truncated answers are fetched again over TCP, aliases are followed, host names are looked
 * up in /etc/hosts first.  Servers: DNS_SERVERS, DNSCACHEIP, else resolv.conf.  A resolver belongs to the
 * process that opened it. */
#ifndef CORE_NET_DNS_H
#define CORE_NET_DNS_H

#include "core/net/dnsmsg.h"

struct dns;
/* A resolver whose dns_wait takes at most limit_ms milliseconds.  Costs a stat of resolv.conf when this process
 * or one it was forked from has opened one before. */
struct dns *dns_open(int limit_ms, struct err *e);
void dns_close(struct dns *d);
/* Read resolv.conf now, if it is needed, so that processes forked from this one need not. */
void dns_prepare(void);

/* Ask; the answer is there after dns_wait.  Any number of questions may be under way, several for one answer, too:
 * it is then found when one is, and secure when all parts are. */
void dns_ask_ip(struct dns *d, struct str name, struct dns_answer *a);	/* A and AAAA; an address is itself */
void dns_ask_ip4(struct dns *d, struct str name, struct dns_answer *a);	/* A, of servers only */
void dns_ask_mx(struct dns *d, struct str name, struct dns_answer *a);
void dns_ask_txt(struct dns *d, struct str name, struct dns_answer *a);
void dns_ask_cname(struct dns *d, struct str name, struct dns_answer *a);	/* the direct alias only */
void dns_ask_ptr(struct dns *d, const struct ip *ip, struct dns_answer *a);
void dns_ask_ns(struct dns *d, struct str name, struct dns_answer *a);
void dns_ask_tlsa(struct dns *d, struct str name, struct dns_answer *a);	/* "_25._tcp.mx.example" */
void dns_wait(struct dns *d);

/* Ask and wait. */
enum dns_status dns_ip(struct dns *d, struct str name, struct dns_answer *a);
enum dns_status dns_mx(struct dns *d, struct str name, struct dns_answer *a);
enum dns_status dns_txt(struct dns *d, struct str name, struct dns_answer *a);
enum dns_status dns_ptr(struct dns *d, const struct ip *ip, struct dns_answer *a);
/* Replace name by the end of its chain of aliases (at most ten): DNS_FOUND when it was an alias,
 * DNS_NODATA when not (also when it does not exist), DNS_SOFT. */
enum dns_status dns_canonical(struct dns *d, struct buf *name);
/* The addresses of a name as a person types it: rewritten and completed as dnsconf.h says.  *full (may be NULL) is
 * replaced by the name that was found. */
enum dns_status dns_ip_qualify(struct dns *d, struct str name, struct buf *full, struct dns_answer *a);

/* What the DNS tools say when nothing was found, "hard error" or "soft error", and the exit code that goes with it. */
const char *dns_trouble(enum dns_status s, int *code);

/* Append the name at which an address is looked up in zone: 1.2.0.192.ZONE, or 32 nibbles for IPv6. */
void dns_reverse(struct buf *b, const struct ip *ip, struct str zone);

#endif
