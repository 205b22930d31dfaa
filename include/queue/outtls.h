/* outtls - whether and how a delivery to one host is encrypted (policy reference 11): files of host names in
 * CERTDIR/tlshosts and notlshosts, control/notlshosts, ports and variables. */
#ifndef QUEUE_OUTTLS_H
#define QUEUE_OUTTLS_H

#include "core/net/tls.h"

enum outtls_level {
	OUTTLS_NEVER,
	OUTTLS_MAY,	/* when the host offers it, and the message goes anyway */
	OUTTLS_MUST,
};

struct outtls {
	enum outtls_level level;
	bool first;	/* before anything else is said */
	struct buf ca;	/* tlshosts/HOST.pem: the host must prove itself with these; empty: nothing to prove */
};

/* For a host, which may be an address, recipients (their domains count) and a port.  -1: an unreadable control file. */
int outtls_find(struct outtls *o, struct str host, const struct str *rcpts, size_t n, unsigned port, struct err *e);
void outtls_free(struct outtls *o);
/* The handshake with host on fd.  NULL with e: it failed, or the host is not who it must be. */
struct tls *outtls_start(const struct outtls *o, struct str host, int fd, int timeout_ms, struct err *e);

#endif
