/* tlsopt - TLS by options; see tlsopt.h. */
#include "core/net/tlsopt.h"

#include <errno.h>

#include "core/conf/conf.h"
#include "core/net/tlsfiles.h"
#include "core/sys/file.h"

/* Buffers that a context points into while it is made. */
struct words {
	struct tls_files files;
	struct buf ca, crl, ciphers;
};

static bool given(const char *word)
{
	return word && *word;
}

/* The file of a row in CERTDIR, when it is there. */
static const char *existing(const struct tls_files *f, enum conf_id id, struct buf *fn)
{
	struct buf name = BUF_INIT;

	if (conf_line(id, &name, NULL) > 0 && name.n)
		tls_files_path(f, name.p, fn);
	buf_free(&name);
	return fn->n && file_exists(fn->p) ? fn->p : NULL;
}

static int read_ciphers(const char *fn, struct buf *out, struct err *e)
{
	enum { CIPHERS_MAX = 65536 };
	struct buf text = BUF_INIT;
	int r = file_slurp(fn, &text, CIPHERS_MAX);

	if (r < 0) {
		err_temp(e, errno, "unable to read %s", fn);
	} else {
		struct str rest = buf_str(&text);

		buf_set(out, str_word(&rest));
	}
	buf_free(&text);
	return r;
}

static int gather(const struct tlsopt *s, struct words *w, struct err *e)
{
	struct tls_conf *c = &w->files.conf;

	if ((s->client ? tls_files_client : tls_files_server)(&w->files,
			given(s->dir) ? s->dir : NULL, e) < 0)
		return -1;
	if (given(s->cert))
		c->cert = s->cert;
	else if (given(conf_env(CONF_TLS_CERTFILE)))
		c->cert = conf_env(CONF_TLS_CERTFILE);
	if (s->client) {
		c->ca = existing(&w->files, CONF_SERVERCA, &w->ca);
		c->crl = existing(&w->files, CONF_SERVERCRL, &w->crl);
	}
	if (given(s->ca))
		c->ca = s->ca;
	if (given(s->crl))
		c->crl = s->crl;
	if (given(s->method))
		c->method = s->method;
	if (!c->ciphers)
		c->ciphers = s->ciphers;
	if (given(s->cipher_file)) {
		if (read_ciphers(s->cipher_file, &w->ciphers, e) < 0)
			return -1;
		c->ciphers = w->ciphers.n ? w->ciphers.p : NULL;
	}
	c->renegotiate = c->renegotiate || s->renegotiate;
	return 0;
}

static void forget(struct words *w)
{
	tls_files_free(&w->files);
	buf_free(&w->ca);
	buf_free(&w->crl);
	buf_free(&w->ciphers);
}

int tlsopt_check(const struct tlsopt *s, struct err *e)
{
	struct words w = {.ca = BUF_INIT, .crl = BUF_INIT, .ciphers = BUF_INIT};
	int r = gather(s, &w, e);

	if (r == 0 && w.files.conf.cert && !file_access(w.files.conf.cert, R_OK))
		r = err_temp(e, errno, "unable to read %s", w.files.conf.cert);
	forget(&w);
	return r;
}

struct tls_ctx *tlsopt_context(const struct tlsopt *s, struct err *e)
{
	struct words w = {.ca = BUF_INIT, .crl = BUF_INIT, .ciphers = BUF_INIT};
	struct tls_ctx *x = NULL;

	if (gather(s, &w, e) == 0)
		x = s->client ? tls_client(&w.files.conf, e) : tls_server(&w.files.conf, e);
	/* what a context points into must outlive it, and this process needs one */
	if (!x)
		forget(&w);
	return x;
}

/* A name in a certificate means nothing unless somebody vouches for it, where there is somebody. */
static bool authorities(const struct tlsopt *s)
{
	struct buf fn = BUF_INIT;
	struct tls_files f;
	bool any = given(s->ca);

	if (!any && s->name && tls_files_client(&f, given(s->dir) ? s->dir : NULL, NULL) == 0) {
		any = existing(&f, CONF_SERVERCA, &fn) != NULL;
		tls_files_free(&f);
	}
	buf_free(&fn);
	return any;
}

/* Does the server's certificate do?  Only who asks is refused: mail servers rarely have one that others vouch
 * for. */
static int check(const struct tlsopt *s, const struct tls *t, struct err *e)
{
	const char *host = given(s->name) ? s->name : s->host, *why = NULL;

	if (authorities(s) && !tls_verified(t, &why))
		return err_temp(e, 0, "unable to verify the certificate of %s: %s", s->host,
			why ? why : "unknown reason");
	if (s->name && !tls_peer_named(t, host))
		return err_temp(e, 0, "the certificate of %s is not for %s", s->host, host);
	return 0;
}

struct tls *tlsopt_shake(const struct tlsopt *s, struct tls_ctx *x, int rfd, int wfd, int timeout_ms,
	struct err *e)
{
	struct tls *t;

	if (!s->client)
		return tls_accept(x, rfd, wfd, timeout_ms, e);
	t = tls_connect(x, rfd, wfd, s->host, timeout_ms, e);
	if (t && check(s, t, e) < 0) {
		tls_close(t);
		return NULL;
	}
	return t;
}

struct tls *tlsopt_begin(const struct tlsopt *s, int rfd, int wfd, int timeout_ms, struct err *e)
{
	struct tls_ctx *x = tlsopt_context(s, e);

	return x ? tlsopt_shake(s, x, rfd, wfd, timeout_ms, e) : NULL;
}

void tlsopt_provider(const char *program, const struct tls *t, struct buf *out)
{
	buf_fmt(out, "TLS_PROVIDER=%s, ", program);
	if (t)
		tls_describe(t, out);
}
