/* tlsfiles - files and words for TLS; see tlsfiles.h. */
#include "config.h"
#include "core/net/tlsfiles.h"

#include <string.h>

#include "core/conf/conf.h"
#include "core/sys/file.h"

void tls_files_path(const struct tls_files *f, const char *name, struct buf *fn)
{
	buf_clear(fn);
	if (!strchr(name, '/'))
		buf_fmt(fn, "%s/", f->dir.p);
	buf_adds(fn, name);
}

/* The file a row names; NULL when there is none. */
static const char *existing(const struct tls_files *f, enum conf_id id, struct buf *fn, struct err *e)
{
	struct buf name = BUF_INIT;

	if (conf_line(id, &name, e) > 0 && name.n)
		tls_files_path(f, name.p, fn);
	buf_free(&name);
	return fn->n && file_exists(fn->p) ? fn->p : NULL;
}

/* The first of: two variables, two control files whose lines are joined by colons.  -1: unreadable. */
static int words(struct buf *out, const enum conf_id *vars, const enum conf_id *lists, struct err *e)
{
	int r = 0;

	for (int i = 0; i < 2 && !out->n; i++)
		if (vars[i] != CONF_COUNT && conf_env(vars[i]))
			buf_set(out, str_z(conf_env(vars[i])));
	for (int i = 0; i < 2 && !out->n && r >= 0; i++) {
		struct list l = LIST_INIT;

		r = lists[i] == CONF_COUNT ? 0 : conf_list(lists[i], &l, e);
		for (size_t k = 0; r > 0 && k < l.lines.n; k++)
			buf_fmt(out, "%s%.*s", k ? ":" : "", STR_FMT(l.lines.p[k]));
		list_free(&l);
	}
	return r < 0 ? -1 : 0;
}

/* Ciphers, suites and the version: what both sides have in common. */
static int agree(struct tls_files *f, bool server, struct err *e)
{
	static const enum conf_id vars[] = {CONF_TLS_CIPHER_LIST, CONF_TLSCIPHERS},
		suite_vars[] = {CONF_TLS_CIPHER_SUITE, CONF_COUNT},
		server_lists[] = {CONF_TLSSERVERCIPHERS, CONF_SERVERCIPHERLIST},
		client_lists[] = {CONF_TLSCLIENTCIPHERS, CONF_CLIENTCIPHERLIST},
		server_suites[] = {CONF_SERVERCIPHERSUITE, CONF_COUNT}, client_suites[] = {CONF_CLIENTCIPHERSUITE, CONF_COUNT};

	if (words(&f->ciphers, vars, server ? server_lists : client_lists, e) < 0 ||
			words(&f->suites, suite_vars, server ? server_suites : client_suites, e) < 0 ||
			conf_line(server ? CONF_TLSSERVERMETHOD : CONF_TLSCLIENTMETHOD, &f->method, e) < 0)
		return -1;
	f->conf.ciphers = f->ciphers.n ? f->ciphers.p : NULL;
	f->conf.suites = f->suites.n ? f->suites.p : NULL;
	f->conf.method = f->method.n ? f->method.p : NULL;
	return 0;
}

static int begin(struct tls_files *f, const char *dir, struct err *e)
{
	*f = (struct tls_files){.dir = BUF_INIT, .cert = BUF_INIT, .sni = BUF_INIT, .ca = BUF_INIT, .crl = BUF_INIT,
		.dh = BUF_INIT, .ciphers = BUF_INIT, .suites = BUF_INIT, .method = BUF_INIT};
	if (dir)
		buf_adds(&f->dir, dir);
	return dir ? 0 : conf_line(CONF_CERTDIR, &f->dir, e) < 0 ? -1 : 0;
}

bool tls_files_ready(void)
{
#ifdef HAVE_TLS
	struct tls_files f;
	struct buf name = BUF_INIT;
	bool there = begin(&f, NULL, NULL) == 0 && conf_line(CONF_SERVERCERT, &name, NULL) > 0;

	if (there)
		tls_files_path(&f, name.p, &f.cert);
	there = there && file_exists(f.cert.p);
	buf_free(&name);
	tls_files_free(&f);
	return there;
#else
	return false;
#endif
}

int tls_files_server(struct tls_files *f, const char *dir, struct err *e)
{
	struct buf name = BUF_INIT;
	long bits = 0;

	if (begin(f, dir, e) < 0 || conf_line(CONF_SERVERCERT, &name, e) < 0 || conf_int(CONF_SSL_BITS, &bits, e) < 0 ||
			agree(f, true, e) < 0) {
		buf_free(&name);
		return -1;
	}
	tls_files_path(f, name.p, &f->cert);
	buf_free(&name);
	buf_fmt(&f->sni, "%s/servercerts", f->dir.p);
	buf_fmt(&f->dh, "%s/dh%ld.pem", f->dir.p, bits);
	f->conf.cert = f->cert.p;
	f->conf.sni = file_exists(f->sni.p) ? f->sni.p : NULL;
	f->conf.dh = file_exists(f->dh.p) ? f->dh.p : NULL;
	f->conf.ca = existing(f, CONF_CLIENTCA, &f->ca, e);
	f->conf.crl = existing(f, CONF_CLIENTCRL, &f->crl, e);
	f->conf.renegotiate = conf_set(CONF_CLIENT_RENEGOTIATION);
	return 0;
}

int tls_files_client(struct tls_files *f, const char *dir, struct err *e)
{
	if (begin(f, dir, e) < 0 || agree(f, false, e) < 0)
		return -1;
	f->conf.cert = existing(f, CONF_CLIENTCERT, &f->cert, e);
	return 0;
}

void tls_files_write_down(const struct tls_files *f, struct buf *out)
{
	const struct tls_conf *c = &f->conf;
	const char *const all[] = {c->cert, c->sni, c->ca, c->crl, c->ciphers, c->suites, c->dh, c->method};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		buf_addc(out, all[i] ? '+' : '-');
		buf_adds(out, all[i] ? all[i] : "");
		buf_addc(out, 0);
	}
	buf_addc(out, c->renegotiate ? '+' : '-');
}

bool tls_files_read_back(struct str text, struct tls_conf *c)
{
	const char **all[] = {&c->cert, &c->sni, &c->ca, &c->crl, &c->ciphers, &c->suites, &c->dh, &c->method};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct str word = str_cut(&text, 0);

		if (!text.p || !word.n)
			return false;
		*all[i] = word.p[0] == '+' ? word.p + 1 : NULL;
	}
	if (text.n != 1)
		return false;
	c->renegotiate = text.p[0] == '+';
	return true;
}

struct tls_ctx *tls_files_context(const struct tls_files *f, bool server, struct err *e)
{
	static struct kept {
		struct tls_ctx *ctx;
		struct buf words;
	} both[2] = {{NULL, BUF_INIT}, {NULL, BUF_INIT}};
	struct kept *k = &both[server];
	struct buf text = BUF_INIT;
	struct tls_conf c;

	tls_files_write_down(f, &text);
	if (k->ctx && str_eq(buf_str(&text), buf_str(&k->words)) && tls_ctx_fresh(k->ctx)) {
		buf_free(&text);
		return k->ctx;
	}
	tls_ctx_free(k->ctx);
	buf_free(&k->words);
	k->words = text;
	tls_files_read_back(buf_str(&k->words), &c);
	return k->ctx = server ? tls_server(&c, e) : tls_client(&c, e);
}

void tls_files_free(struct tls_files *f)
{
	struct buf *all[] = {&f->dir, &f->cert, &f->sni, &f->ca, &f->crl, &f->dh, &f->ciphers, &f->suites, &f->method};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_free(all[i]);
}
