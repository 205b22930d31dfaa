/* dial - reach a TCP server by name or address the way tcpclient does (network reference section 4): every
 * address in turn with a little patience, then those that did not answer once more with a lot. */
#ifndef CORE_NET_DIAL_H
#define CORE_NET_DIAL_H

#include "core/base/err.h"
#include "core/net/sock.h"

struct dial {
	const char *host;	/* name or address; empty or "0": this machine */
	const char *port;	/* number or service */
	struct sock_end from;	/* our end, where bound says so */
	bool bound;
	int first_ms, second_ms;	/* patience; second 0: one round */
	bool only4;
	uint32_t scope;		/* interface for link-local addresses */
	/* An address that could not be connected to, for good; may be NULL. */
	void (*failed)(const struct sock_end *to, int num);
};

/* What most clients want: this host and port within 2 and 58 seconds. */
#define DIAL(h, p) ((struct dial){.host = (h), .port = (p), .first_ms = 2000, .second_ms = 58000})

/* A connected descriptor and its *peer; -1 with e.  After attempts that failed was told of, e has no text. */
int dial(const struct dial *d, struct sock_end *peer, struct err *e);
/* The index of a network interface; 0: there is none. */
uint32_t dial_interface(const char *name);

#endif
