/* seats - the connections a server is serving: which client, which process.  The table is common to the server and
 * its children, so that a child that has found out who its client is knows how many more of its kind there are. */
#ifndef CORE_NET_SEATS_H
#define CORE_NET_SEATS_H

#include <sys/types.h>

#include "core/net/ip.h"

struct seats;
/* Room for max connections; NULL with errno. */
struct seats *seats_open(size_t max);

/* ---- the server ---- */
/* Take a seat for a client: its number, -1 when all are taken.  Its process becomes known with seats_owner. */
int seats_take(struct seats *s, const struct ip *ip);
void seats_owner(struct seats *s, int seat, pid_t pid);
void seats_drop(struct seats *s, int seat);
/* The process has done with its connection; false: it had none. */
bool seats_leave(struct seats *s, pid_t pid);
/* The process is done, its connection is not: the seat, which nobody owns; -1: it had none. */
int seats_orphan(struct seats *s, pid_t pid);
size_t seats_taken(const struct seats *s);
/* The next taken seat from *i on, which moves behind it; false: there is none. */
bool seats_next(const struct seats *s, size_t *i, struct ip *ip, pid_t *pid);

/* ---- anybody ---- */
size_t seats_count(const struct seats *s, const struct ip *ip);	/* connections from ip */
/* The same as far as they came before the one in seat, and that one: so of several that come at once only those are too
 * many that came last. */
size_t seats_rank(const struct seats *s, int seat, const struct ip *ip);
/* In the child: the client is not who it seemed to be, a proxy speaks for it. */
void seats_rename(struct seats *s, int seat, const struct ip *ip);

#endif
