/* tlsctx - certificates, limits and names of one side of TLS; see tls.h and tlsctx.h. */
#include "config.h"
#include "core/net/tls.h"

#ifdef HAVE_TLS
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/net/tlsctx.h"
#include "core/sys/file.h"

enum {
	NAME_MAX_BYTES = 253,
	FILES = 4,	/* words of a tls_conf that are files, read when the context is made */
};

/* Forward secrecy and authenticated encryption first, then CBC with SHA-2 for old servers that send mail (RFC 9325). */
static const char server_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:"
	"ECDHE+AES+SHA384:ECDHE+AES+SHA256:!aNULL:!eNULL:!PSK:!SRP:!CAMELLIA:!ARIA:!AESCCM";

const char *tls_reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return text ? text : "unknown reason";
}

/* ---- versions ---- */

static int version_of(struct str word)
{
	static const struct {
		const char *word;
		int version;
	} known[] = {{"TLSv1", TLS1_VERSION}, {"TLSv1_1", TLS1_1_VERSION}, {"TLSv1_2", TLS1_2_VERSION},
		{"TLSv1_3", TLS1_3_VERSION}, {"TLSv1.0", TLS1_VERSION}, {"TLSv1.1", TLS1_1_VERSION},
		{"TLSv1.2", TLS1_2_VERSION}, {"TLSv1.3", TLS1_3_VERSION}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_ieq(word, str_z(known[i].word)))
			return known[i].version;
	return 0;
}

/* A word for one version, MIN:MAX for a range, SSLv23 for whatever both sides know; SSL itself is gone for good. */
static int set_versions(SSL_CTX *ssl, const char *method, struct err *e)
{
	struct str rest = str_trim(str_z(method));
	int low = TLS1_2_VERSION, high = 0;

	if (rest.n && !str_ieq(rest, STR("SSLv23")) && !str_ieq(rest, STR("TLS"))) {
		low = high = version_of(str_cut(&rest, ':'));
		if (rest.p)
			high = version_of(rest);
		if (!low || !high || low > high)
			return err_temp(e, 0, "unable to initialise: %s is no TLS version", method);
	}
	/* the older ones need weaker signatures than the library allows by itself */
	if (low < TLS1_2_VERSION)
		SSL_CTX_set_security_level(ssl, 0);
	if (SSL_CTX_set_min_proto_version(ssl, low) != 1 || SSL_CTX_set_max_proto_version(ssl, high) != 1)
		return err_temp(e, 0, "unable to initialise: %s", tls_reason());
	return 0;
}

static int set_ciphers(SSL_CTX *ssl, const struct tls_conf *c, bool server, struct err *e)
{
	const char *list = c->ciphers && *c->ciphers ? c->ciphers : server ? server_ciphers : NULL;

	if (list && SSL_CTX_set_cipher_list(ssl, list) != 1)
		return err_temp(e, 0, "unable to initialise: ciphers %s: %s", list, tls_reason());
	if (c->suites && *c->suites && SSL_CTX_set_ciphersuites(ssl, c->suites) != 1)
		return err_temp(e, 0, "unable to initialise: cipher suites %s: %s", c->suites, tls_reason());
	return 0;
}

/* ---- files ---- */

static void note_file(struct tls_ctx *x, const char *fn)
{
	struct tls_stamp f = {.fn = fn};

	if (file_stat(fn, &f.st) < 0)
		memset(&f.st, 0, sizeof f.st);
	vec_push(&x->files, f);
}

bool tls_ctx_fresh(const struct tls_ctx *x)
{
	struct stat st;

	for (size_t i = 0; i < x->files.n; i++) {
		const struct stat *was = &x->files.p[i].st;

		if (file_stat(x->files.p[i].fn, &st) < 0)
			memset(&st, 0, sizeof st);
		if (st.st_ino != was->st_ino || st.st_size != was->st_size || st.st_mtim.tv_sec != was->st_mtim.tv_sec ||
				st.st_mtim.tv_nsec != was->st_mtim.tv_nsec)
			return false;
	}
	return true;
}

/* What the peer's certificate is worth is looked at afterwards, by those who care. */
static int accept_any(int good, X509_STORE_CTX *store)
{
	(void)good;
	(void)store;
	return 1;
}

static int set_authorities(struct tls_ctx *x, struct err *e)
{
	const struct tls_conf *c = &x->conf;

	if (c->ca && SSL_CTX_load_verify_file(x->ssl, c->ca) != 1)
		return err_temp(e, 0, "unable to initialise: authorities in %s: %s", c->ca, tls_reason());
	if (c->ca && x->server) {
		SSL_CTX_set_client_CA_list(x->ssl, SSL_load_client_CA_file(c->ca));
		SSL_CTX_set_verify(x->ssl, SSL_VERIFY_PEER, accept_any);
	}
	if (c->crl) {
		X509_STORE *store = SSL_CTX_get_cert_store(x->ssl);
		X509_LOOKUP *file = X509_STORE_add_lookup(store, X509_LOOKUP_file());

		if (!file || X509_load_crl_file(file, c->crl, X509_FILETYPE_PEM) < 1)
			return err_temp(e, 0, "unable to initialise: revocations in %s: %s", c->crl, tls_reason());
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	}
	return 0;
}

static int set_dh(SSL_CTX *ssl, const char *fn, struct err *e)
{
	BIO *bio = fn ? BIO_new_file(fn, "r") : NULL;
	EVP_PKEY *dh = bio ? PEM_read_bio_Parameters(bio, NULL) : NULL;

	BIO_free(bio);
	if (!fn)
		return SSL_CTX_set_dh_auto(ssl, 1) == 1 ? 0 : err_temp(e, 0, "unable to initialise: %s", tls_reason());
	if (dh && SSL_CTX_set0_tmp_dh_pkey(ssl, dh) == 1)
		return 0;
	EVP_PKEY_free(dh);
	return err_temp(e, 0, "unable to initialise: parameters in %s: %s", fn, tls_reason());
}

/* ---- certificates by name (RFC 6066 section 3) ---- */

static bool safe_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!chr_alnum(name.p[i]) && name.p[i] != '-' && name.p[i] != '.' && name.p[i] != '_')
			return false;
	return name.n && name.n <= NAME_MAX_BYTES && name.p[0] != '.';
}

static struct tls_ctx *make(const struct tls_conf *c, bool server, struct err *e);

/* The context for a file of the directory; read when first asked for, and again when it has changed. */
static struct tls_ctx *named(struct tls_ctx *x, const struct buf *fn)
{
	struct tls_conf c = x->conf;
	struct tls_named *slot = NULL;

	for (size_t i = 0; i < x->names.n && !slot; i++)
		if (str_eq(buf_str(&x->names.p[i].fn), buf_str(fn)))
			slot = &x->names.p[i];
	if (slot && tls_ctx_fresh(slot->ctx))
		return slot->ctx;
	if (!slot && !file_exists(fn->p))
		return NULL;
	c.cert = fn->p;
	c.sni = NULL;
	struct tls_ctx *n = make(&c, true, NULL);

	if (!n)		/* a spoilt file: the old certificate, or everybody's */
		return slot ? slot->ctx : NULL;
	if (slot) {
		tls_ctx_free(slot->ctx);
		slot->ctx = n;
	} else {
		struct buf copy = BUF_INIT;

		buf_set(&copy, buf_str(fn));
		vec_push(&x->names, ((struct tls_named){copy, n}));
	}
	return n;
}

static int choose_certificate(SSL *ssl, int *alert, void *arg)
{
	struct tls_ctx *x = arg, *n;
	const char *host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct buf name = BUF_INIT, fn = BUF_INIT;

	(void)alert;
	buf_set(&name, str_z(host));
	buf_lower(&name);
	if (!safe_name(buf_str(&name)))
		goto out;
	buf_fmt(&fn, "%s/%s.pem", x->conf.sni, name.p);
	n = named(x, &fn);
	if (!n) {
		struct str rest = buf_str(&name);

		str_cut(&rest, '.');
		buf_clear(&fn);
		buf_fmt(&fn, "%s/*.%.*s.pem", x->conf.sni, STR_FMT(rest));
		n = rest.n ? named(x, &fn) : NULL;
	}
	if (n)
		SSL_set_SSL_CTX(ssl, n->ssl);
out:
	buf_free(&name);
	buf_free(&fn);
	return host ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* ---- contexts ---- */

static int set_up(struct tls_ctx *x, struct err *e)
{
	static const unsigned char id[] = "indimail";
	const struct tls_conf *c = &x->conf;

	SSL_CTX_set_mode(x->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(x->ssl, 1);
	SSL_CTX_set_options(x->ssl, SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
		(c->renegotiate ? SSL_OP_ALLOW_CLIENT_RENEGOTIATION : SSL_OP_NO_RENEGOTIATION));
	if (set_versions(x->ssl, c->method, e) < 0 || set_ciphers(x->ssl, c, x->server, e) < 0 ||
			(c->cert && tls_load_pairs(x->ssl, c->cert, e) < 0) || set_authorities(x, e) < 0)
		return -1;
	if (!x->server)
		return 0;
	SSL_CTX_set_session_id_context(x->ssl, id, sizeof id - 1);
	tls_use_tickets(x->ssl);
	if (c->sni) {
		SSL_CTX_set_tlsext_servername_callback(x->ssl, choose_certificate);
		SSL_CTX_set_tlsext_servername_arg(x->ssl, x);
	}
	return set_dh(x->ssl, c->dh, e);
}

static struct tls_ctx *make(const struct tls_conf *c, bool server, struct err *e)
{
	struct tls_ctx *x = mem_alloc(sizeof *x);
	struct tls_conf *own = &x->conf;

	*x = (struct tls_ctx){.users = 1, .conf = *c, .server = server};
	const char **words[] = {&own->cert, &own->ca, &own->crl, &own->dh, &own->sni, &own->ciphers, &own->suites, &own->method};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (*words[i])
			*words[i] = arena_z(&x->mem, str_z(*words[i]));
	for (size_t i = 0; i < FILES; i++)
		if (*words[i])
			note_file(x, *words[i]);
	x->ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (!x->ssl)
		err_temp(e, 0, "unable to initialise: %s", tls_reason());
	if (x->ssl && set_up(x, e) == 0)
		return x;
	tls_ctx_free(x);
	return NULL;
}

struct tls_ctx *tls_server(const struct tls_conf *c, struct err *e)
{
	return make(c, true, e);
}

struct tls_ctx *tls_client(const struct tls_conf *c, struct err *e)
{
	return make(c, false, e);
}

void tls_ctx_free(struct tls_ctx *x)
{
	if (!x || --x->users)
		return;
	for (size_t i = 0; i < x->names.n; i++) {
		tls_ctx_free(x->names.p[i].ctx);
		buf_free(&x->names.p[i].fn);
	}
	vec_free(&x->names);
	vec_free(&x->files);
	arena_free(&x->mem);
	SSL_CTX_free(x->ssl);
	mem_free(x);
}
#endif
