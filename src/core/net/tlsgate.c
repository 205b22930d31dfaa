/* tlsgate - a server's TLS context; see tlsgate.h. */
#include "core/net/tlsgate.h"

#include <errno.h>

#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

enum { CIPHERS_MAX = 65536 };

static int first_word(const char *fn, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT;
	int r = 0;

	if (file_slurp(fn, &text, CIPHERS_MAX) < 0) {
		r = err_temp(e, errno, "unable to read %s", fn);
	} else {
		struct str rest = buf_str(&text);

		buf_set(out, str_word(&rest));
	}
	buf_free(&text);
	return r;
}

/* The certificate: a path as it is, a bare name that is not here is looked for in the directory. */
static void choose_cert(struct tls_gate *g)
{
	const char *name = g->cert && *g->cert ? g->cert : conf_env(CONF_TLS_CERTFILE);

	if (!name || !*name)
		return;
	if (file_exists(name))
		buf_adds(&g->own_cert, name);
	else
		tls_files_path(&g->files, name, &g->own_cert);
	g->files.conf.cert = g->own_cert.p;
}

int tls_gate_open(struct tls_gate *g, struct err *e)
{
	struct tls_conf *c = &g->files.conf;

	buf_init(&g->own_cert);
	buf_init(&g->own_ciphers);
	if (tls_files_server(&g->files, g->dir, e) < 0)
		return -1;
	choose_cert(g);
	if (g->cipher_file && first_word(g->cipher_file, &g->own_ciphers, e) < 0)
		return -1;
	if (g->own_ciphers.n)
		c->ciphers = g->own_ciphers.p;
	if (g->ca)
		c->ca = g->ca;
	if (g->crl)
		c->crl = g->crl;
	if (g->method)
		c->method = g->method;
	if (g->renegotiate)
		c->renegotiate = true;
	tls_share_sessions();
	g->ctx = tls_server(c, e);
	return g->ctx ? 0 : -1;
}

int tls_gate_refresh(struct tls_gate *g, struct err *e)
{
	bool told = g->failed;

	g->failed = false;
	if (tls_ctx_fresh(g->ctx))
		return 0;
	struct tls_ctx *x = tls_server(&g->files.conf, e);

	if (!x) {
		g->failed = true;
		return told ? 0 : -1;
	}
	tls_ctx_free(g->ctx);
	g->ctx = x;
	return 0;
}

static int start(void (*program)(void), int in, int out, struct err *e)
{
	pid_t pid = proc_fork();

	if (pid < 0)
		return err_temp(e, errno, "unable to fork");
	if (pid > 0)
		return 0;
	if (fd_copy(0, in) < 0 || fd_copy(1, out) < 0)
		proc_exit(111);
	fd_close_from(3);
	program();
	proc_exit(111);
}

static void tell(const struct tls_gate *g, const struct tls *t)
{
	struct buf provider = BUF_INIT;

	buf_adds(&provider, "tcpserver, ");
	if (g->details)
		tls_describe(t, &provider);
	env_put_str("TLS_PROVIDER", buf_str(&provider));
	buf_free(&provider);
}

int tls_gate_serve(struct tls_gate *g, int s, void (*program)(void), struct err *e)
{
	struct tls *t = tls_accept(g->ctx, s, s, (int)g->patience * 1000, e);
	int in[2], out[2], r;

	if (!t)
		return -1;
	tell(g, t);
	if (fd_pipe(in) < 0 || fd_pipe(out) < 0) {
		r = err_temp(e, errno, "unable to create a pipe");
	} else {
		r = start(program, in[0], out[1], e);
		fd_close(in[0]);
		fd_close(out[1]);
	}
	sig_ignore(SIGPIPE);
	if (r == 0)
		tls_relay(t, out[0], in[1], (int)g->idle * 1000, true);
	tls_close(t);
	return r;
}
