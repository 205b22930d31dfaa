/* notls - the TLS room of a build without TLS: nobody gets a context or a connection, and is told why. */
#include "config.h"
#ifndef HAVE_TLS
#include <errno.h>

#include "core/net/tls.h"

static struct tls_ctx *none(struct err *e)
{
	err_perm(e, 0, "unable to initialise: this build has no TLS");
	return NULL;
}

struct tls_ctx *tls_server(const struct tls_conf *c, struct err *e)
{
	(void)c;
	return none(e);
}

struct tls_ctx *tls_client(const struct tls_conf *c, struct err *e)
{
	(void)c;
	return none(e);
}

void tls_ctx_free(struct tls_ctx *x)
{
	(void)x;
}

bool tls_ctx_fresh(const struct tls_ctx *x)
{
	(void)x;
	return true;
}

struct tls *tls_accept(struct tls_ctx *x, int rfd, int wfd, int timeout_ms, struct err *e)
{
	(void)x;
	(void)rfd;
	(void)wfd;
	(void)timeout_ms;
	err_perm(e, 0, "connection failed: this build has no TLS");
	errno = ENOSYS;
	return NULL;
}

struct tls *tls_connect(struct tls_ctx *x, int rfd, int wfd, const char *host, int timeout_ms, struct err *e)
{
	(void)host;
	return tls_accept(x, rfd, wfd, timeout_ms, e);
}

void tls_close(struct tls *t)
{
	(void)t;
}

static ssize_t no(void)
{
	errno = ENOSYS;
	return -1;
}

ssize_t tls_read(struct tls *t, void *p, size_t n, int timeout_ms)
{
	(void)t;
	(void)p;
	(void)n;
	(void)timeout_ms;
	return no();
}

ssize_t tls_write(struct tls *t, const void *p, size_t n, int timeout_ms)
{
	(void)t;
	(void)p;
	(void)n;
	(void)timeout_ms;
	return no();
}

bool tls_pending(const struct tls *t)
{
	(void)t;
	return false;
}

void tls_in(struct tls *t, struct in *in)
{
	(void)t;
	(void)in;
}

void tls_out(struct tls *t, struct out *out)
{
	(void)t;
	(void)out;
}

const char *tls_version(const struct tls *t)
{
	(void)t;
	return "";
}

const char *tls_cipher(const struct tls *t)
{
	(void)t;
	return "";
}

int tls_bits(const struct tls *t)
{
	(void)t;
	return 0;
}

void tls_describe(const struct tls *t, struct buf *out)
{
	(void)t;
	(void)out;
}

bool tls_verified(const struct tls *t, const char **why)
{
	(void)t;
	if (why)
		*why = "this build has no TLS";
	return false;
}

bool tls_peer_named(const struct tls *t, const char *host)
{
	(void)t;
	(void)host;
	return false;
}

bool tls_peer_email(const struct tls *t, struct buf *out)
{
	(void)t;
	(void)out;
	return false;
}

void tls_facts(const struct tls *t, struct tls_facts *f)
{
	(void)t;
	*f = (struct tls_facts){0};
}

bool tls_peer_tlsa(const struct tls *t, unsigned i, unsigned selector, unsigned match, struct buf *out)
{
	(void)t;
	(void)i;
	(void)selector;
	(void)match;
	(void)out;
	return false;
}

int tls_relay(struct tls *t, int from, int to, int idle_ms, bool program)
{
	(void)t;
	(void)from;
	(void)to;
	(void)idle_ms;
	(void)program;
	return (int)no();
}
#endif
