/* cert - self-signed certificates by OpenSSL; see cert.h. */
#include "core/net/cert.h"

#include "config.h"

#ifdef HAVE_TLS
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { DAYS = 3650, NAME_MAX_CN = 64 };

/* A random positive serial number of 64 bits (RFC 5280 section 4.1.2.2). */
static int serial(X509 *x)
{
	uint64_t n;

	return RAND_bytes((unsigned char *)&n, sizeof n) == 1 &&
		ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), n >> 1 | 1) == 1;
}

/* The host as common name where it fits, and always as subjectAltName. */
static int names(X509 *x, const char *host)
{
	X509_NAME *name = X509_get_subject_name(x);
	struct buf alt = BUF_INIT;
	const char *cn = str_z(host).n <= NAME_MAX_CN ? host : "mail";

	buf_fmt(&alt, "DNS:%s", host);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt.p);
	int ok = ext && X509_add_ext(x, ext, -1) == 1 &&
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1 &&
		X509_set_issuer_name(x, name) == 1;

	X509_EXTENSION_free(ext);
	buf_free(&alt);
	return ok;
}

static int fill(X509 *x, EVP_PKEY *key, const char *host, long days)
{
	return X509_set_version(x, X509_VERSION_3) == 1 && serial(x) &&
		X509_gmtime_adj(X509_getm_notBefore(x), -3600) &&
		X509_gmtime_adj(X509_getm_notAfter(x), days * 86400) && X509_set_pubkey(x, key) == 1 &&
		names(x, host) && X509_sign(x, key, EVP_sha256()) > 0;
}

int cert_self_signed(const char *host, struct buf *out, struct err *e)
{
	return cert_self_signed_for(host, DAYS, out, e);
}

int cert_self_signed_for(const char *host, long days, struct buf *out, struct err *e)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *pem = BIO_new(BIO_s_mem());
	char *text;
	int r = -1;

	if (key && x && pem && fill(x, key, host, days) && PEM_write_bio_X509(pem, x) == 1 &&
		PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) == 1) {
		long n = BIO_get_mem_data(pem, &text);

		buf_put(out, text, (size_t)n);
		r = 0;
	} else {
		err_temp(e, 0, "unable to make a certificate for %s", host);
	}
	BIO_free(pem);
	X509_free(x);
	EVP_PKEY_free(key);
	return r;
}
#else
int cert_self_signed(const char *host, struct buf *out, struct err *e)
{
	return cert_self_signed_for(host, 0, out, e);
}

int cert_self_signed_for(const char *host, long days, struct buf *out, struct err *e)
{
	(void)host;
	(void)days;
	(void)out;
	(void)e;
	return 0;
}
#endif
