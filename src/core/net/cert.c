/* cert - self-signed certificates by OpenSSL; see cert.h. */
#include "core/net/cert.h"

#include "config.h"

enum { DAYS = 3650 };

#ifdef HAVE_TLS
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

static int names(X509 *x, const struct cert *c)
{
	X509_NAME *name = X509_get_subject_name(x);
	struct buf alt = BUF_INIT;

	buf_fmt(&alt, "DNS:%s%s%s", c->host, c->email ? ",email:" : "", c->email ? c->email : "");
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt.p);
	int ok = ext && X509_add_ext(x, ext, -1) == 1 &&
		add_name(name, "CN", MBSTRING_UTF8, str_z(c->host).n <= NAME_MAX_CN ? c->host : "mail") &&
		(!c->email || add_name(name, "emailAddress", MBSTRING_ASC, c->email)) &&
		X509_set_issuer_name(x, name) == 1;

	X509_EXTENSION_free(ext);
	buf_free(&alt);
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
	EVP_PKEY *pair = EVP_EC_gen("P-256");
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
#endif

int cert_self_signed(const char *host, struct buf *out, struct err *e)
{
	return cert_make(&(struct cert){.host = host, .days = DAYS}, out, out, NULL, e);
}
