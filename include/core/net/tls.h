/* tls - TLS 1.2 and 1.3 on a pair of descriptors; the one door to OpenSSL's protocol (RFC 8446, 5246, 5746, 9325;
 * policy reference 1.7 and 11).  A context holds certificates and limits and serves any number of connections,
 * also those of processes forked later.  Every wait is bounded; descriptors may block and stay as they are. */
#ifndef CORE_NET_TLS_H
#define CORE_NET_TLS_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/sys/in.h"
#include "core/sys/out.h"

/* What one side brings along, copied into its context; NULL means: not wanted, or the library's default. */
struct tls_conf {
	const char *cert;	/* chain and private key in one file; may hold several pairs, RSA beside ECDSA */
	const char *sni;	/* servers: directory with NAME.pem for clients that ask for that name */
	const char *ca;		/* file of trusted authorities; servers then ask clients for a certificate */
	const char *crl;	/* revoked certificates, for the whole chain */
	const char *ciphers;	/* for TLS 1.2 and older */
	const char *suites;	/* for TLS 1.3 */
	const char *dh;		/* parameters for DHE; NULL: fitting ones */
	const char *method;	/* "TLSv1_2", "TLSv1_2:TLSv1_3", "SSLv23": one version, a range, the best common one */
	bool renegotiate;	/* clients may start a new handshake (TLS 1.2) */
};

struct tls_ctx;
/* NULL with e: unreadable or mismatched files, unknown words, no TLS in this build. */
struct tls_ctx *tls_server(const struct tls_conf *c, struct err *e);
struct tls_ctx *tls_client(const struct tls_conf *c, struct err *e);
/* Connections keep what they need of it as long as they live. */
void tls_ctx_free(struct tls_ctx *x);
/* Whether the files are still those that were read; a stat each. */
bool tls_ctx_fresh(const struct tls_ctx *x);
/* Make the secret that seals session tickets: processes forked after this resume each other's sessions. */
void tls_share_sessions(void);

struct tls;
/* The handshake, as a whole within timeout_ms; what came before it on rfd must have been read.  tls_connect names host
 * to the server (NULL: names none).  NULL with e, ETIMEDOUT among the reasons.  The descriptors stay the caller's. */
struct tls *tls_accept(struct tls_ctx *x, int rfd, int wfd, int timeout_ms, struct err *e);
struct tls *tls_connect(struct tls_ctx *x, int rfd, int wfd, const char *host, int timeout_ms, struct err *e);
/* At most n bytes within timeout_ms (-1 for ever): count, 0 the peer said goodbye, -1 errno: ETIMEDOUT, ECONNRESET when
 * it went without goodbye, EPROTO when what it sent is no TLS. */
ssize_t tls_read(struct tls *t, void *p, size_t n, int timeout_ms);
/* All n bytes: n or -1. */
ssize_t tls_write(struct tls *t, const void *p, size_t n, int timeout_ms);
bool tls_pending(const struct tls *t);	/* decrypted bytes are waiting: polling the descriptor would sleep */
/* Say goodbye without waiting for an answer, and free. */
void tls_close(struct tls *t);
/* Put the connection behind in and out; their timeouts count. */
void tls_in(struct tls *t, struct in *in);
void tls_out(struct tls *t, struct out *out);

/* What was agreed on: "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256. */
const char *tls_version(const struct tls *t);
const char *tls_cipher(const struct tls *t);
int tls_bits(const struct tls *t);
/* "TLS Server=TLSv1.3, Client=TLSv1.3, Ciphers=NAME, bits=N" appended. */
void tls_describe(const struct tls *t, struct buf *out);
/* Whether the peer showed a certificate that our authorities vouch for; *why (may be NULL) says why not. */
bool tls_verified(const struct tls *t, const char **why);
/* Whether the peer's certificate is for this host (RFC 6125), by alternative names, else by common name. */
bool tls_peer_named(const struct tls *t, const char *host);
/* The e-mail address in the subject of the peer's certificate replaces *out; false: none. */
bool tls_peer_email(const struct tls *t, struct buf *out);
/* All of it together, as bytes that can be sent to another process. */
struct tls_facts {
	char version[16], cipher[64];
	int bits;
	bool verified;
	char why[120];		/* not verified: the reason */
	char email[256];	/* of a verified peer, empty none */
};
void tls_facts(const struct tls *t, struct tls_facts *f);
/* TLSA association data (RFC 6698) of the i-th certificate of the peer's chain, 0 its own: selector 0 whole, 1 public key;
 * match 0 as it is, 1 SHA-256, 2 SHA-512.  Replaces *out with the bytes; false: no such certificate or parameter. */
bool tls_peer_tlsa(const struct tls *t, unsigned i, unsigned selector, unsigned match, struct buf *out);

/* Pass bytes between the peer and from (what to send) and to, until both ways have ended or nothing has moved for idle_ms:
 * 0, or -1 with errno, ETIMEDOUT among the reasons.  With program, from and to belong to a program: the peer's end closes
 * to, and the program's end is the end.  Without it they are a user's: their end is told to the peer, and the peer's end
 * is the end.  No byte that was read is lost. */
int tls_relay(struct tls *t, int from, int to, int idle_ms, bool program);

#endif
