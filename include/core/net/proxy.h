/* proxy - the header that a proxy in front of us writes before the client's first byte: PROXY protocol, versions
 * 1 (a line) and 2 (binary).  Pure: bytes in, addresses out. */
#ifndef CORE_NET_PROXY_H
#define CORE_NET_PROXY_H

#include "core/net/sock.h"

enum {
	PROXY_LINE_MAX = 107,	/* of version 1, CR LF included */
	PROXY_MAX = 16 + 4096,	/* of version 2: what is longer is refused */
};

enum proxy_status { PROXY_MORE, PROXY_OK, PROXY_BAD };

struct proxy {
	bool known;			/* false: the proxy speaks for itself, or of what is neither TCP4 nor TCP6 */
	struct sock_end from, to;	/* the client, and whom it called */
	size_t size;			/* of the header; what follows is the client's */
};

/* The header at the start of s.  PROXY_MORE: so far it may be one; *p is set with PROXY_OK only. */
enum proxy_status proxy_parse(struct str s, struct proxy *p);
/* How many bytes of s, in which more may be, belong to a header that is not whole yet: all up to the size of the
 * header as far as it can be seen. */
size_t proxy_part(struct str s);
/* Read exactly the header from a connection within timeout_ms: 0, or -1 with errno; EPROTO: what came is none. */
int proxy_read(int fd, int timeout_ms, struct proxy *p);

/* Whether ip is on the list: addresses and networks "10.0.0.0/8", blank or comma separated.  A word that is neither
 * is never matched; proxy_list_wrong returns the first such word, empty when there is none. */
bool proxy_listed(struct str list, const struct ip *ip);
struct str proxy_list_wrong(struct str list);

#endif
