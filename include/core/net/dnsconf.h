/* dnsconf - which name servers are asked, what /etc/hosts knows, how short names are completed (network reference
 * section 8; resolv.conf(5)).  Files are read again only when they have changed; processes forked after the first
 * look-up find them in memory. */
#ifndef CORE_NET_DNSCONF_H
#define CORE_NET_DNSCONF_H

#include "core/net/sock.h"

enum {
	DNSCONF_SERVERS = 16,
	DNSCONF_SEARCH = 16,	/* search domains */
};

struct dnsconf {
	VEC(struct sock_end) servers;	/* never empty */
	bool believe;			/* their AD bit counts: all are on this machine, or resolv.conf says trust-ad */
};
/* DNS_SERVERS, else DNSCACHEIP, else resolv.conf, else this machine. */
void dnsconf_load(struct dnsconf *c);
void dnsconf_free(struct dnsconf *c);

/* Append the addresses /etc/hosts has for a name; "localhost" always has some.  False: none. */
bool dnsconf_hosts(struct str name, struct ip_list *ips);

/* The rules by which names are completed: those of DNSREWRITEFILE, else made of LOCALDOMAIN, the search list of
 * resolv.conf or the domain of the host name.  Replaces *rules; true: they were written by somebody. */
bool dnsconf_rules(struct buf *rules);
/* Rewrite a name by rules, a line each, in order (the format of DNSREWRITEFILE):
 *	=NAME:NEW  the name NAME     *END:NEW  a name with that end     ?END:NEW  the same without other dots or brackets
 *	-END:NEW   a name with that end is replaced as a whole; with * and ? only the end is
 * Names to try one after the other are written NAME+.DOMAIN+.DOMAIN. */
void dnsconf_rewrite(struct str rules, struct buf *name);

/* The parsers, pure. */
struct dnsconf_resolv {
	VEC(struct sock_end) servers;
	VEC(struct str) search;		/* views into the text */
	bool trust;
};
void dnsconf_resolv(struct str text, struct dnsconf_resolv *r);
void dnsconf_resolv_free(struct dnsconf_resolv *r);
bool dnsconf_hosts_line(struct str line, struct str name, struct ip *ip);
/* ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT, ADDRESS%INTERFACE; port 53 unless said. */
bool dnsconf_server(struct str word, struct sock_end *at);

#endif
