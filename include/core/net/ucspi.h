/* ucspi - what a network server tells the program it starts: the environment of one TCP connection
 * (network reference sections 1.2 and 1.3).  Works in the child that will become the program. */
#ifndef CORE_NET_UCSPI_H
#define CORE_NET_UCSPI_H

#include "core/base/err.h"
#include "core/net/sock.h"

struct ucspi_options {
	const char *banner;	/* written first, NULL none */
	const char *local_name;	/* our host name, NULL unknown */
	int force6;		/* IPv6 form everywhere */
	int ip_options, nodelay;
	int names, paranoid;	/* look up the client's name; must it lead back to the address? */
	int ident;
	long ident_timeout;	/* seconds */
};

struct ucspi {
	struct sock_end peer, local;
	long per_ip;		/* for the log */
	bool dual;		/* the TCP6... variables are wanted */
	bool told;		/* local is known already, from a proxy */
	const char *path;	/* a Unix socket's: no addresses then; NULL otherwise */
	struct buf peer_ip, local_ip, peer_name, local_name, info;
};

/* Socket options, banner, look-ups, environment.  What stands before peer_ip is the caller's. */
int ucspi_prepare(struct ucspi *u, int fd, const struct ucspi_options *o, struct err *e);
void ucspi_free(struct ucspi *u);
/* There is no such connection: unset everything that may tell of another one. */
void ucspi_forget(void);
/* "tcpserver: pid P from IP" and "tcpserver: ok P ..." (or deny) without newline, appended. */
void ucspi_start_line(const struct ucspi *u, long pid, struct buf *line);
void ucspi_verdict_line(const struct ucspi *u, bool allowed, long pid, struct buf *line);

#endif
