/* tlsopt - TLS as the options and variables of tcpclient, dotls and sslerator ask for it (network reference
 * sections 4 and 5): which files, which handshake, and whether the server's papers will do. */
#ifndef CORE_NET_TLSOPT_H
#define CORE_NET_TLSOPT_H

#include "core/net/tls.h"

/* Words of the command line; NULL: not given. */
struct tlsopt {
	bool client;
	const char *cert;	/* certificate and key; empty is not given: TLS_CERTFILE, else the one in CERTDIR */
	const char *ca;		/* authorities; a client's must vouch for the server.  Else SERVERCA or CLIENTCA */
	const char *crl;	/* revoked certificates; else SERVERCRL or CLIENTCRL */
	const char *dir;	/* in place of CERTDIR */
	const char *cipher_file;	/* its first word is the list of ciphers */
	const char *ciphers;	/* where neither option, nor variable, nor control file says */
	const char *method;
	const char *name;	/* clients: the certificate must be for this host, empty: for host */
	const char *host;	/* clients: the server's name, told to it */
	int renegotiate;	/* servers: clients may ask for it */
};

/* Read the files and shake hands within timeout_ms: NULL with e.  A client fails also when the server's
 * certificate is not what ca or name demand. */
struct tls *tlsopt_begin(const struct tlsopt *s, int rfd, int wfd, int timeout_ms, struct err *e);
/* The two steps of it, for who wants to know about unreadable files first. */
struct tls_ctx *tlsopt_context(const struct tlsopt *s, struct err *e);
struct tls *tlsopt_shake(const struct tlsopt *s, struct tls_ctx *x, int rfd, int wfd, int timeout_ms,
	struct err *e);
/* Whether a server could begin, without beginning: the certificate can be read.  0, -1 with e. */
int tlsopt_check(const struct tlsopt *s, struct err *e);
/* "TLS_PROVIDER=PROGRAM, " and the details when there is a connection to tell of, appended. */
void tlsopt_provider(const char *program, const struct tls *t, struct buf *out);

#endif
