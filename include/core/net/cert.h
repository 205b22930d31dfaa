/* cert - keys and certificates: what a new instance needs to speak TLS. */
#ifndef CORE_NET_CERT_H
#define CORE_NET_CERT_H

#include "core/base/buf.h"
#include "core/base/err.h"

/* A new ECDSA P-256 key and a certificate for host signed with it, valid for ten years from now, in PEM:
 * certificate first, then the key, as servercert.pem wants it.  Appended to out.  A build without TLS
 * returns 0 and appends nothing. */
int cert_self_signed(const char *host, struct buf *out, struct err *e);
/* The same, valid for that many days. */
int cert_self_signed_for(const char *host, long days, struct buf *out, struct err *e);

#endif
