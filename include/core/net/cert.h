/* cert - keys and certificates: what a new instance needs to speak TLS, and what its owner wants to know of them. */
#ifndef CORE_NET_CERT_H
#define CORE_NET_CERT_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/vec.h"

enum { CERT_DAYS_MAX = 36500 };

struct cert {
	const char *host;	/* common name where it fits, and always an alternative name */
	const char *const *more;	/* further names, NULL-terminated; NULL none */
	const char *email;	/* in the subject and an alternative name as well; NULL for none */
	long days;		/* it is valid from now */
	unsigned rsa_bits;	/* 0: ECDSA on P-256 */
};

/* A new key and a certificate signed with it, in PEM, appended to *certificate and *key (which may be
 * the same).  *hash is the name that OpenSSL looks the certificate up by in a directory, without its ".0"; may be
 * NULL.  A build without TLS returns 0 and appends nothing. */
int cert_make(const struct cert *c, struct buf *certificate, struct buf *key, unsigned long *hash,
	struct err *e);
/* One for host, for ten years: certificate first, then the key, as servercert.pem wants it.  Appended
 * to out. */
int cert_self_signed(const char *host, struct buf *out, struct err *e);
/* Whether a name may stand in a certificate as the host's: letters, digits, dots, hyphens, underscores, a star. */
bool cert_host_valid(const char *name);
/* The same for an e-mail address. */
bool cert_email_valid(const char *address);

/* A request to sign (PKCS #10, RFC 2986), in PEM, for the first private key in pem; appended to out. */
int cert_request(struct str pem, const struct cert *c, struct buf *out, struct err *e);

/* What a certificate says. */
struct cert_facts {
	struct buf subject, issuer, names, key, from, to;	/* names: blank-separated; key: "RSA 2048" */
	struct buf public_key;		/* SHA-256 of the public key, hexadecimal: TLSA 3 1 1 (RFC 6698) */
	struct buf whole;		/* SHA-256 of it all */
	bool expired, has_key;		/* its private key is in the same text */
};
struct cert_list {
	VEC(struct cert_facts) v;
};
/* Those of every certificate in pem, in order.  -1: something in pem cannot be read. */
int cert_read(struct str pem, struct cert_list *l, struct err *e);
void cert_list_free(struct cert_list *l);

#endif
