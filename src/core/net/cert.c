/* cert - making certificates and requests with OpenSSL; see cert.h. */
#include "core/net/cert.h"

#include <string.h>

#include "config.h"

enum { DAYS = 3650, EMAIL_MAX = 128, HOST_MAX = 253 };

/* Nothing but what names are made of gets into a certificate. */
static bool harmless(const char *name, const char *more)
{
	for (const char *p = name; *p; p++)
		if (!chr_alnum(*p) && !strchr(more, *p))
			return false;
	return *name;
}

bool cert_host_valid(const char *name)
{
	return harmless(name, ".-*_") && strlen(name) <= HOST_MAX;
}

bool cert_email_valid(const char *s)
{
	const char *at = strchr(s, '@');

	return at && at > s && at[1] && at == strrchr(s, '@') && strlen(s) <= EMAIL_MAX && harmless(s, ".-_+@");
}

#ifdef HAVE_TLS
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { NAME_MAX_CN = 64 };

/* A random positive serial number of 64 bits (RFC 5280 section 4.1.2.2). */
static int serial(X509 *x)
{
	uint64_t n;

	return RAND_bytes((unsigned char *)&n, sizeof n) == 1 &&
		ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), n >> 1 | 1) == 1;
}

static int add_name(X509_NAME *name, const char *field, int type, const char *text)
{
	return X509_NAME_add_entry_by_txt(name, field, type, (const unsigned char *)text, -1, -1, 0) == 1;
}

static int subject(X509_NAME *name, const struct cert *c)
{
	return add_name(name, "CN", MBSTRING_UTF8, str_z(c->host).n <= NAME_MAX_CN ? c->host : "mail") &&
		(!c->email || add_name(name, "emailAddress", MBSTRING_ASC, c->email));
}

/* All names as the extension that clients look at. */
static X509_EXTENSION *alternatives(const struct cert *c)
{
	struct buf alt = BUF_INIT;

	buf_fmt(&alt, "DNS:%s", c->host);
	for (const char *const *p = c->more; p && *p; p++)
		buf_fmt(&alt, ",DNS:%s", *p);
	if (c->email)
		buf_fmt(&alt, ",email:%s", c->email);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt.p);

	buf_free(&alt);
	return ext;
}

static int names(X509 *x, const struct cert *c)
{
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *ext = alternatives(c);
	int ok = ext && X509_add_ext(x, ext, -1) == 1 && subject(name, c) && X509_set_issuer_name(x, name) == 1;

	X509_EXTENSION_free(ext);
	return ok;
}

static int fill(X509 *x, EVP_PKEY *key, const struct cert *c)
{
	return X509_set_version(x, X509_VERSION_3) == 1 && serial(x) &&
		X509_gmtime_adj(X509_getm_notBefore(x), -3600) &&
		X509_gmtime_adj(X509_getm_notAfter(x), c->days * 86400) && X509_set_pubkey(x, key) == 1 &&
		names(x, c) && X509_sign(x, key, EVP_sha256()) > 0;
}

static void take(BIO *pem, struct buf *out)
{
	char *text;
	long n = BIO_get_mem_data(pem, &text);

	buf_put(out, text, (size_t)n);
}

int cert_make(const struct cert *c, struct buf *certificate, struct buf *key, unsigned long *hash,
	struct err *e)
{
	EVP_PKEY *pair = c->rsa_bits ? EVP_RSA_gen(c->rsa_bits) : EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *a = BIO_new(BIO_s_mem()), *b = BIO_new(BIO_s_secmem());
	int r = -1;

	if (pair && x && a && b && fill(x, pair, c) && PEM_write_bio_X509(a, x) == 1 &&
		PEM_write_bio_PrivateKey(b, pair, NULL, NULL, 0, NULL, NULL) == 1) {
		take(a, certificate);
		take(b, key);
		if (hash)
			*hash = X509_subject_name_hash(x);
		r = 0;
	} else {
		err_temp(e, 0, "unable to make a certificate for %s", c->host);
	}
	BIO_free(a);
	BIO_free(b);
	X509_free(x);
	EVP_PKEY_free(pair);
	return r;
}

/* Nobody is there to type a password. */
static int no_password(char *p, int n, int writing, void *arg)
{
	(void)p;
	(void)n;
	(void)writing;
	(void)arg;
	return -1;
}

static bool fill_request(X509_REQ *q, EVP_PKEY *key, const struct cert *c)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	X509_EXTENSION *ext = alternatives(c);
	bool good = list && ext && sk_X509_EXTENSION_push(list, ext) > 0 && X509_REQ_set_version(q, X509_REQ_VERSION_1) == 1 &&
		subject(X509_REQ_get_subject_name(q), c) && X509_REQ_add_extensions(q, list) == 1 &&
		X509_REQ_set_pubkey(q, key) == 1 && X509_REQ_sign(q, key, EVP_sha256()) > 0;

	sk_X509_EXTENSION_free(list);
	X509_EXTENSION_free(ext);
	return good;
}

int cert_request(struct str pem, const struct cert *c, struct buf *out, struct err *e)
{
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n), *text = BIO_new(BIO_s_mem());
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_password, NULL) : NULL;
	X509_REQ *q = X509_REQ_new();
	int r = 0;

	if (!key)
		r = err_perm(e, 0, "no private key that can be read");
	else if (q && text && fill_request(q, key, c) && PEM_write_bio_X509_REQ(text, q) == 1)
		take(text, out);
	else
		r = err_temp(e, 0, "unable to make a request for %s", c->host);
	ERR_clear_error();
	BIO_free(in);
	BIO_free(text);
	X509_REQ_free(q);
	EVP_PKEY_free(key);
	return r;
}
#else
int cert_make(const struct cert *c, struct buf *certificate, struct buf *key, unsigned long *hash,
	struct err *e)
{
	(void)c;
	(void)certificate;
	(void)key;
	(void)hash;
	(void)e;
	return 0;
}

int cert_request(struct str pem, const struct cert *c, struct buf *out, struct err *e)
{
	(void)pem;
	(void)c;
	(void)out;
	return err_perm(e, 0, "this build has no TLS");
}
#endif

int cert_self_signed(const char *host, struct buf *out, struct err *e)
{
	return cert_make(&(struct cert){.host = host, .days = DAYS}, out, out, NULL, e);
}
