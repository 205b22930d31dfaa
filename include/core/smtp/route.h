/* route - which relay takes mail for a domain, instead of its MX (queue-and-delivery section 16.3). */
#ifndef CORE_SMTP_ROUTE_H
#define CORE_SMTP_ROUTE_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct route {
	bool qmtp;		/* speak QMTP */
	struct str relay;	/* host or address; empty: the MX of the domain */
	unsigned port;
	long penalty;		/* of tcpto; -1 as configured for all hosts */
	long tolerance;		/* the same */
	struct str login;	/* "user password [VAR=val,...]" or "/s" and the like; empty none */
	struct buf text;	/* owns relay and login */
};

/* Parse relay[:port[:penalty:tolerance]][ login]; missing parts leave r alone.  The views point into
 * value.  false: not of this form. */
bool route_parse(struct str value, struct route *r);
/* The route of a message: to host, from sender, for the first recipient rcpt.  *r is always filled (the
 * default: SMTP to the MX, port 25).  0, or -1 when controls are unreadable or malformed. */
int route_find(struct str host, struct str sender, struct str rcpt, struct route *r, struct err *e);
void route_free(struct route *r);

#endif
