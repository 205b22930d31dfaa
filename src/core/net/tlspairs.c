/* tlspairs - certificates and private keys of one file, each key with its own chain; see tlsctx.h. */
#include "config.h"
#ifdef HAVE_TLS
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "core/base/str.h"
#include "core/net/tlsctx.h"
#include "core/sys/file.h"

enum { FILE_MAX = 1 << 20, CHAIN_MAX = 10 };

struct pairs {
	STACK_OF(X509) *certs;
	VEC(EVP_PKEY *) keys;
};

static void pairs_free(struct pairs *p)
{
	sk_X509_pop_free(p->certs, X509_free);
	for (size_t i = 0; i < p->keys.n; i++)
		EVP_PKEY_free(p->keys.p[i]);
	vec_free(&p->keys);
}

/* One block of the file.  false: it cannot be decoded. */
static bool take_block(struct pairs *p, const char *name, const char *header, const unsigned char *data, long n)
{
	struct str what = str_z(name);

	if (str_ends(what, STR("CERTIFICATE"))) {
		X509 *x = d2i_X509_AUX(NULL, &data, n);

		return x && sk_X509_push(p->certs, x) > 0;
	}
	if (!str_ends(what, STR("PRIVATE KEY")))
		return true;	/* parameters of curves and the like */
	/* nobody is there to type a password */
	EVP_PKEY *key = *header || str_eq(what, STR("ENCRYPTED PRIVATE KEY")) ? NULL : d2i_AutoPrivateKey(NULL, &data, n);

	if (!key)
		return false;
	vec_push(&p->keys, key);
	return true;
}

static int read_blocks(struct pairs *p, struct str text, const char *fn, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
	char *name, *header;
	unsigned char *data;
	bool good = bio && p->certs;
	long n;

	while (good && PEM_read_bio(bio, &name, &header, &data, &n) == 1) {
		good = take_block(p, name, header, data, n);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)n);
	}
	BIO_free(bio);
	if (!good)
		return err_temp(e, 0, "no valid private key: %s: %s", fn, tls_reason());
	ERR_clear_error();
	return 0;
}

static X509 *certificate_of(const struct pairs *p, EVP_PKEY *key)
{
	for (int i = 0; i < sk_X509_num(p->certs); i++)
		if (X509_check_private_key(sk_X509_value(p->certs, i), key) == 1)
			return sk_X509_value(p->certs, i);
	return NULL;
}

static X509 *issuer_of(const struct pairs *p, X509 *x)
{
	for (int i = 0; i < sk_X509_num(p->certs); i++) {
		X509 *c = sk_X509_value(p->certs, i);

		if (c != x && X509_check_issued(c, x) == X509_V_OK)
			return c;
	}
	return NULL;
}

/* A key with the certificate made for it and that one's issuers, whatever the order in the file. */
static bool use_pair(SSL_CTX *ssl, const struct pairs *p, X509 *leaf, EVP_PKEY *key)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	bool good = chain != NULL;

	for (X509 *x = leaf; good && (x = issuer_of(p, x)) && sk_X509_num(chain) < CHAIN_MAX; )
		good = sk_X509_push(chain, x) > 0;
	good = good && SSL_CTX_use_cert_and_key(ssl, leaf, key, chain, 1) == 1;
	sk_X509_free(chain);
	return good;
}

int tls_load_pairs(SSL_CTX *ssl, const char *fn, struct err *e)
{
	struct pairs p = {.certs = sk_X509_new_null()};
	struct buf text = BUF_INIT;
	int r = -1;

	if (file_slurp(fn, &text, FILE_MAX) < 0) {
		err_temp(e, errno, "missing certificate: %s", fn);
		goto out;
	}
	if (read_blocks(&p, buf_str(&text), fn, e) < 0)
		goto out;
	if (!sk_X509_num(p.certs)) {
		err_temp(e, 0, "missing certificate: there is none in %s", fn);
		goto out;
	}
	r = p.keys.n ? 0 : err_temp(e, 0, "no valid private key: there is none in %s", fn);
	for (size_t i = 0; r == 0 && i < p.keys.n; i++) {
		X509 *leaf = certificate_of(&p, p.keys.p[i]);

		if (!leaf)
			r = err_temp(e, 0, "no valid private key: it belongs to no certificate in %s", fn);
		else if (!use_pair(ssl, &p, leaf, p.keys.p[i]))
			r = err_temp(e, 0, "no valid private key: %s: %s", fn, tls_reason());
	}
	ERR_clear_error();
out:
	OPENSSL_cleanse(text.p, text.n);
	buf_free(&text);
	pairs_free(&p);
	return r;
}
#endif
