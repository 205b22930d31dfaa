/* rbl - ask DNS lists about a client's address (RFC 5782): lists of unwanted hosts, and lists of wanted ones. */
#ifndef CORE_SMTP_RBL_H
#define CORE_SMTP_RBL_H

#include "core/net/dns.h"

enum {
	RBL_TEXT = 200,		/* bytes of a reason that are passed on */
	RBL_AT_ONCE = 16,	/* lists asked at the same time */
};

enum rbl_decision {
	RBL_NONE,	/* no list has said anything */
	RBL_ACCEPT,	/* wanted */
	RBL_LATER,	/* refuse with 451 */
	RBL_NEVER,	/* refuse with 553 */
};

struct rbl_list {
	struct str zone;
	struct str message;	/* p not NULL: the list has addresses, not texts, and this is said, with %IP% */
	bool anti;		/* a list of wanted hosts */
	bool bounce;		/* refuse for good */
	bool closed;		/* a list that cannot be asked refuses (a list of wanted hosts: does not accept) */
};

/* Ask the lists; the first of them, in order, that decides wins.  Each group of RBL_AT_ONCE takes limit_ms
 * milliseconds at most, and no further group is asked after a decision.  *text becomes the reason of a refusal. */
enum rbl_decision rbl_ask(struct dns *d, const struct ip *ip, const struct rbl_list *lists, size_t n,
	struct buf *text);
/* Append text with every %IP% replaced. */
void rbl_expand(struct buf *out, struct str text, struct str ip);
/* Cut to RBL_TEXT bytes, bytes that are not printable ASCII become "?". */
void rbl_clean(struct buf *text);

#endif
