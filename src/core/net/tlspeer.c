/* tlspeer - what the certificate of the other side says; see tls.h. */
#include "config.h"
#ifdef HAVE_TLS
#include <openssl/x509v3.h>
#include <string.h>

#include "core/net/ip.h"
#include "core/net/tlsctx.h"

bool tls_verified(const struct tls *t, const char **why)
{
	bool shown = SSL_get0_peer_certificate(t->ssl) != NULL;
	long result = SSL_get_verify_result(t->ssl);

	if (why)
		*why = !shown ? "no certificate" : result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
	return shown && result == X509_V_OK;
}

bool tls_peer_named(const struct tls *t, const char *host)
{
	X509 *x = SSL_get0_peer_certificate(t->ssl);
	struct ip ip;

	if (!x)
		return false;
	if (ip_scan(str_z(host), &ip))
		return X509_check_ip_asc(x, host, 0) == 1;
	return X509_check_host(x, host, 0, 0, NULL) == 1;
}

bool tls_peer_email(const struct tls *t, struct buf *out)
{
	X509 *x = SSL_get0_peer_certificate(t->ssl);
	X509_NAME *name = x ? X509_get_subject_name(x) : NULL;
	int i = name ? X509_NAME_get_index_by_NID(name, NID_pkcs9_emailAddress, -1) : -1;

	if (i < 0)
		return false;
	ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
	struct str text = str_make((const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));

	if (!text.n || str_chr(text, 0) < text.n)
		return false;
	buf_set(out, text);
	return true;
}

static void copy(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	memcpy(to, from, n < size ? n : size - 1);
}

void tls_facts(const struct tls *t, struct tls_facts *f)
{
	struct buf email = BUF_INIT;
	const char *why;

	memset(f, 0, sizeof *f);
	copy(f->version, sizeof f->version, tls_version(t));
	copy(f->cipher, sizeof f->cipher, tls_cipher(t));
	f->bits = tls_bits(t);
	f->verified = tls_verified(t, &why);
	if (!f->verified)
		copy(f->why, sizeof f->why, why);
	/* an address that does not fit is none */
	else if (tls_peer_email(t, &email) && email.n < sizeof f->email)
		copy(f->email, sizeof f->email, email.p);
	buf_free(&email);
}

bool tls_peer_tlsa(const struct tls *t, unsigned i, unsigned selector, unsigned match, struct buf *out)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(t->ssl);
	X509 *x = i == 0 ? SSL_get0_peer_certificate(t->ssl) : chain && (int)i < sk_X509_num(chain) ?
		sk_X509_value(chain, (int)i) : NULL;
	const EVP_MD *md = match == 1 ? EVP_sha256() : match == 2 ? EVP_sha512() : NULL;
	unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
	unsigned len;
	int n = !x ? -1 : selector == 0 ? i2d_X509(x, &der) : selector == 1 ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der) : -1;
	bool good = n > 0 && match <= 2;

	if (good && md)
		good = EVP_Digest(der, (size_t)n, digest, &len, md, NULL) == 1;
	if (good)
		buf_set(out, md ? str_make((char *)digest, len) : str_make((char *)der, (size_t)n));
	OPENSSL_free(der);
	return good;
}
#endif
