/* admit - what happens to a connection between accept and the program: the proxy's header, the environment, the access
 * rules, the limit per address (network reference 1.1).  Runs in the child, where it may take its time. */
#ifndef CORE_NET_ADMIT_H
#define CORE_NET_ADMIT_H

#include "core/net/access.h"
#include "core/net/seats.h"
#include "core/net/ucspi.h"

struct admission {
	const struct ucspi_options *how;
	struct seats *seats;
	struct access *rules;	/* NULL: everybody */
	long per_ip;		/* connections from one address unless rules say otherwise, 0 any number */
	bool dual;		/* TCP6... variables */
	/* More rules, from elsewhere (NULL none): 1 allowed; 0 denied, having said so; -1 with e.  May change the limit. */
	int (*ask)(const struct ucspi *u, long *per_ip, struct err *e);
	/* what goes well (NULL: nobody wants to know) and what does not */
	void (*info)(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
	void (*warn)(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
};

struct arrival {
	struct sock_end peer;
	const char *path;	/* of the Unix socket it came in by; NULL: TCP */
	int seat;
	bool proxied;		/* it must begin with a PROXY header */
};

/* 0: the environment is set and the connection is on descriptors 0 and 1.  Otherwise the exit code of a client that is
 * not served, with the reason said: 100 denied, 111 trouble. */
int admit(const struct admission *a, int s, const struct arrival *j);

#endif
