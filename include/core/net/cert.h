/* cert - keys and certificates: what a new instance needs to speak TLS. */
#ifndef CORE_NET_CERT_H
#define CORE_NET_CERT_H

#include "core/base/buf.h"
#include "core/base/err.h"

struct cert {
	const char *host;	/* common name where it fits, and always an alternative name */
	const char *email;	/* in the subject and an alternative name as well; NULL for none */
	long days;		/* it is valid from now */
};

/* A new ECDSA P-256 key and a certificate signed with it, in PEM, appended to *certificate and *key (which may be
 * the same).  *hash is the name that OpenSSL looks the certificate up by in a directory, without its ".0"; may be
 * NULL.  A build without TLS returns 0 and appends nothing. */
int cert_make(const struct cert *c, struct buf *certificate, struct buf *key, unsigned long *hash,
	struct err *e);
/* One for host, for ten years: certificate first, then the key, as servercert.pem wants it.  Appended
 * to out. */
int cert_self_signed(const char *host, struct buf *out, struct err *e);

#endif
