/* tls - connections: handshake, bytes, what was agreed on; see tls.h. */
#include "config.h"
#include "core/net/tls.h"

#include <errno.h>

#ifdef HAVE_TLS
#include <openssl/err.h>

#include "core/base/mem.h"
#include "core/net/ip.h"
#include "core/net/tlsctx.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"

enum { GOODBYE_MS = 1000 };

static int left(const struct tls *t)
{
	long long ms = t->end - clock_mono_ms();

	return t->end < 0 ? -1 : ms <= 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

static void set_limit(struct tls *t, int timeout_ms)
{
	t->end = timeout_ms < 0 ? -1 : clock_mono_ms() + timeout_ms;
}

/* ---- the descriptors as the library sees them ---- */

static int wire_read(BIO *b, char *p, int n)
{
	struct tls *t = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	for (;;) {
		int ready = fd_wait(t->rfd, POLLIN, left(t));
		ssize_t got = ready > 0 ? fd_read(t->rfd, p, (size_t)n) : -1;

		if (got >= 0)
			return (int)got;
		if (ready == 0) {
			BIO_set_retry_read(b);
			return -1;
		}
		if (ready < 0 || errno != EAGAIN) {
			t->failed = errno;
			return -1;
		}
	}
}

/* As much as goes without waiting, but something: a socket says what it takes, a pipe with room takes a little. */
static int wire_write(BIO *b, const char *p, int n)
{
	struct tls *t = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	for (;;) {
		ssize_t put = fd_write_now(t->wfd, p, (size_t)n);

		if (put < 0 && errno == ENOTSOCK && fd_wait(t->wfd, POLLOUT, left(t)) > 0)
			put = fd_write(t->wfd, p, n < TLS_PIPE_ROOM ? (size_t)n : TLS_PIPE_ROOM);
		if (put >= 0)
			return (int)put;
		if (errno != EAGAIN && errno != ENOTSOCK) {
			t->failed = errno;
			return -1;
		}
		if (fd_wait(t->wfd, POLLOUT, left(t)) == 0) {
			BIO_set_retry_write(b);
			return -1;
		}
	}
}

static long wire_control(BIO *b, int what, long n, void *p)
{
	(void)b;
	(void)n;
	(void)p;
	return what == BIO_CTRL_FLUSH;
}

static int wire_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

static BIO *new_wire(struct tls *t)
{
	static BIO_METHOD *method;

	if (!method) {
		method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "descriptors");
		if (!method || !BIO_meth_set_read(method, wire_read) || !BIO_meth_set_write(method, wire_write) ||
				!BIO_meth_set_ctrl(method, wire_control) || !BIO_meth_set_create(method, wire_create))
			return NULL;
	}
	BIO *b = BIO_new(method);

	if (b)
		BIO_set_data(b, t);
	return b;
}

/* ---- what went wrong ---- */

/* errno for a failed call; the text of the library's reason goes to *why. */
static int failure(struct tls *t, int r, const char **why)
{
	int kind = SSL_get_error(t->ssl, r);
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;

	*why = kind == SSL_ERROR_SSL && !ended ? tls_reason() : NULL;
	ERR_clear_error();
	if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
		return ETIMEDOUT;
	t->dead = true;
	if (kind == SSL_ERROR_SYSCALL || ended)
		return t->failed ? t->failed : ECONNRESET;
	return EPROTO;
}

static void discard(struct tls *t)
{
	SSL_free(t->ssl);
	tls_ctx_free(t->ctx);
	mem_free(t);
}

/* ---- handshake ---- */

static struct tls *begin(struct tls_ctx *x, int rfd, int wfd, int timeout_ms, struct err *e)
{
	struct tls *t = mem_alloc(sizeof *t);
	BIO *wire = new_wire(t);

	*t = (struct tls){.ssl = SSL_new(x->ssl), .ctx = x, .rfd = rfd, .wfd = wfd};
	x->users++;
	set_limit(t, timeout_ms);
	if (t->ssl && wire) {
		SSL_set_bio(t->ssl, wire, wire);
		return t;
	}
	BIO_free(wire);
	discard(t);
	err_temp(e, 0, "unable to initialise: %s", tls_reason());
	return NULL;
}

static struct tls *shake(struct tls *t, int (*step)(SSL *ssl), struct err *e)
{
	const char *why;
	int r = t ? step(t->ssl) : 0;

	if (!t || r == 1)
		return t;
	int num = failure(t, r, &why);

	if (why)
		err_temp(e, 0, "connection failed: %s", why);
	else
		err_temp(e, num, "connection failed");
	discard(t);
	errno = num;
	return NULL;
}

struct tls *tls_new(struct tls_ctx *x, int rfd, int wfd, struct err *e)
{
	struct tls *t = begin(x, rfd, wfd, 0, e);

	if (t)
		SSL_set_accept_state(t->ssl);
	return t;
}

int tls_shake(struct tls *t, short *events, struct err *e)
{
	const char *why;

	set_limit(t, 0);
	ERR_clear_error();	/* nobody else's mistakes */
	int r = SSL_do_handshake(t->ssl);

	if (r == 1)
		return 1;
	*events = SSL_want_write(t->ssl) ? POLLOUT : POLLIN;
	int num = failure(t, r, &why);

	if (num == ETIMEDOUT)
		return 0;
	return why ? err_temp(e, 0, "connection failed: %s", why) : err_temp(e, num, "connection failed");
}

void tls_drop(struct tls *t)
{
	discard(t);
}

struct tls *tls_accept(struct tls_ctx *x, int rfd, int wfd, int timeout_ms, struct err *e)
{
	return shake(begin(x, rfd, wfd, timeout_ms, e), SSL_accept, e);
}

struct tls *tls_connect(struct tls_ctx *x, int rfd, int wfd, const char *host, int timeout_ms, struct err *e)
{
	struct tls *t = begin(x, rfd, wfd, timeout_ms, e);
	struct ip ip;

	/* an address is no name (RFC 6066 section 3) */
	if (t && host && *host && !ip_scan(str_z(host), &ip))
		SSL_set_tlsext_host_name(t->ssl, host);
	return shake(t, SSL_connect, e);
}

void tls_end(struct tls *t)
{
	if (!t->dead)
		SSL_shutdown(t->ssl);
	ERR_clear_error();
}

void tls_close(struct tls *t)
{
	if (!t)
		return;
	set_limit(t, GOODBYE_MS);
	tls_end(t);
	discard(t);
}

/* ---- bytes ---- */

/* Before every exchange: its time limit, and no mistakes of others; false: there can be none any more. */
static bool ready(struct tls *t, int timeout_ms)
{
	set_limit(t, timeout_ms);
	ERR_clear_error();
	if (t->dead)
		errno = ECONNRESET;
	return !t->dead;
}

ssize_t tls_read(struct tls *t, void *p, size_t n, int timeout_ms)
{
	const char *why;
	int r;

	if (!ready(t, timeout_ms))
		return -1;
	r = SSL_read(t->ssl, p, n < INT_MAX ? (int)n : INT_MAX);
	if (r > 0)
		return r;
	if (SSL_get_error(t->ssl, r) == SSL_ERROR_ZERO_RETURN)
		return 0;
	errno = failure(t, r, &why);
	return -1;
}

ssize_t tls_write_some(struct tls *t, const void *p, size_t n, int timeout_ms)
{
	const char *why;
	int r;

	if (!ready(t, timeout_ms))
		return -1;
	r = SSL_write(t->ssl, p, n < INT_MAX ? (int)n : INT_MAX);
	if (r > 0)
		return r;
	errno = failure(t, r, &why);
	return -1;
}

ssize_t tls_write(struct tls *t, const void *p, size_t n, int timeout_ms)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = tls_write_some(t, (const char *)p + done, n - done, timeout_ms);

		if (r < 0)
			return -1;
		done += (size_t)r;
	}
	return (ssize_t)n;
}

bool tls_pending(const struct tls *t)
{
	return SSL_has_pending(t->ssl) == 1;
}

static ssize_t to_in(struct in *in, char *p, size_t n)
{
	return tls_read(in->ctx, p, n, in->wait);
}

static ssize_t to_out(struct out *out, const char *p, size_t n)
{
	return tls_write(out->ctx, p, n, out->timeout);
}

void tls_in(struct tls *t, struct in *in)
{
	in->op = to_in;
	in->ctx = t;
	in->pos = in->len = 0;	/* what came in plain text before the handshake is nobody's word */
}

void tls_out(struct tls *t, struct out *out)
{
	out->op = to_out;
	out->ctx = t;
}

/* ---- what was agreed on ---- */

const char *tls_version(const struct tls *t)
{
	return SSL_get_version(t->ssl);
}

const char *tls_cipher(const struct tls *t)
{
	return SSL_get_cipher_name(t->ssl);
}

int tls_bits(const struct tls *t)
{
	return SSL_get_cipher_bits(t->ssl, NULL);
}

void tls_describe(const struct tls *t, struct buf *out)
{
	buf_fmt(out, "TLS Server=%s, Client=%s, Ciphers=%s, bits=%d", tls_version(t), tls_version(t), tls_cipher(t),
		tls_bits(t));
}
#endif
