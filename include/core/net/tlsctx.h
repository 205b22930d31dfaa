/* tlsctx - what a TLS context is made of; for the files of the TLS room alone, everybody else includes tls.h. */
#ifndef CORE_NET_TLSCTX_H
#define CORE_NET_TLSCTX_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/net/tls.h"
#include "core/sys/fd.h"

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
	unsigned users;		/* its maker and its connections: the last one frees it */
	struct tls_conf conf;	/* words in mem */
	struct arena mem;
	bool server;
	VEC(struct tls_stamp) files;
	VEC(struct tls_named) names;
};

enum { TLS_PIPE_ROOM = 4096 };	/* what a pipe that is ready takes without waiting */

struct tls {
	SSL *ssl;
	struct tls_ctx *ctx;
	int rfd, wfd;
	long long end;		/* of the call under way, on the monotonic clock; -1 never */
	int failed;		/* errno of a broken descriptor; ETIMEDOUT is no failure */
	bool dead;		/* the library must not be called any more, not even to say goodbye */
};

/* One direction of a relay: what has been read and could not be passed on yet. */
struct way {
	char *p;
	size_t pos, n;
	bool open;
};

/* tls_relay in steps, for those who serve many. */
struct relay {
	struct tls *t;
	int from, to;		/* may be one socket */
	bool program;
	struct way in, out;	/* from the peer; to the peer */
};
void relay_begin(struct relay *r, struct tls *t, int from, int to, bool program);
void relay_end(struct relay *r);
bool relay_busy(const struct relay *r);			/* is anything left to do? */
/* What to wait for: peer's bytes, room in to, bytes of from, room towards the peer; fd -1 where nothing. */
void relay_wants(const struct relay *r, struct pollfd p[4]);
/* Move what can move, by p[].revents: 1 there is more to do at once, 0 wait, -1 with errno. */
int relay_move(struct relay *r, const struct pollfd p[4]);

/* A server's side of a connection whose handshake has not begun. */
struct tls *tls_new(struct tls_ctx *x, int rfd, int wfd, struct err *e);
/* Go on with the handshake without waiting: 1 done, 0 *events of the descriptors must come first, -1 with e. */
int tls_shake(struct tls *t, short *events, struct err *e);
/* Free without a goodbye. */
void tls_drop(struct tls *t);

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
