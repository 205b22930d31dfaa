/* tlsctx - what a TLS context is made of; for the files of the TLS room alone, everybody else includes tls.h. */
#ifndef CORE_NET_TLSCTX_H
#define CORE_NET_TLSCTX_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "core/base/vec.h"
#include "core/net/tls.h"

/* A file that was read, and how to see that it has changed. */
struct tls_stamp {
	const char *fn;
	struct stat st;
};

/* A certificate of the directory of names, kept once it was asked for. */
struct tls_named {
	struct buf fn;
	struct tls_ctx *ctx;
};

struct tls_ctx {
	SSL_CTX *ssl;
	struct tls_conf conf;
	bool server;
	VEC(struct tls_stamp) files;
	VEC(struct tls_named) names;
};

enum { TLS_PIPE_ROOM = 4096 };	/* what a pipe that is ready takes without waiting */

struct tls {
	SSL *ssl;
	int rfd, wfd;
	long long end;		/* of the call under way, on the monotonic clock; -1 never */
	int failed;		/* errno of a broken descriptor; ETIMEDOUT is no failure */
	bool dead;		/* the library must not be called any more, not even to say goodbye */
};

/* The reason for the last failure of the library, "unknown reason" without one; clears its queue. */
const char *tls_reason(void);
/* Let ssl carry its sessions in tickets sealed with the secret of tls_share_sessions. */
void tls_use_tickets(SSL_CTX *ssl);
/* The certificate and key pairs of a file go into ssl. */
int tls_load_pairs(SSL_CTX *ssl, const char *fn, struct err *e);

/* As many of n bytes as the peer takes within timeout_ms, or -1; ETIMEDOUT: the same bytes must be offered again. */
ssize_t tls_write_some(struct tls *t, const void *p, size_t n, int timeout_ms);
/* Say goodbye; reading goes on. */
void tls_end(struct tls *t);

#endif
