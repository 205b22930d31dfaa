/* listener - the sockets a server accepts connections on: TCP, Unix, made here or inherited. */
#ifndef CORE_NET_LISTENER_H
#define CORE_NET_LISTENER_H

#include "core/base/err.h"
#include "core/net/sock.h"

struct listener {
	int fd;
	char *path;	/* of a Unix socket; NULL: TCP */
	bool made;	/* here: the Unix socket is removed at the end */
};

struct listeners {
	VEC(struct listener) v;
};

struct listener_how {
	int backlog;
	bool only4;
	const char *interface;	/* of link-local addresses, NULL none */
};

/* Listen on host and port, words of a command line: host is an address, a name (its first address counts), 0, :: or empty for
 * all; a number or service; or an absolute path and NULL: a Unix socket, taking the place of one nobody listens on.
 * -1 with e in the words of the network reference 1.7. */
int listener_add(struct listeners *l, const char *host, const char *port, const struct listener_how *how, struct err *e);
/* "HOST:PORT", "[ADDRESS]:PORT" or a path. */
int listener_add_word(struct listeners *l, const char *word, const struct listener_how *how, struct err *e);
/* A listening socket somebody else has made. */
int listener_inherit(struct listeners *l, int fd, struct err *e);
/* The sockets that systemd passes: how many; the variables that tell of them are unset.  -1: they are no sockets. */
int listener_passed(struct listeners *l, struct err *e);
/* Print the local ports of those that have one on a descriptor, a line each; -1 errno. */
int listener_ports(const struct listeners *l, int fd);
/* Remove our Unix sockets from the file system. */
void listener_end(const struct listeners *l);

/* The next connection: its descriptor, -1 with errno.  The peer of a Unix socket has no address. */
int listener_accept(const struct listener *l, struct sock_end *peer);

#endif
