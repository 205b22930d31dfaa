/* certread - what certificates say; see cert.h. */
#include "core/net/cert.h"

#include "config.h"

void cert_list_free(struct cert_list *l)
{
	for (size_t i = 0; i < l->v.n; i++) {
		struct cert_facts *f = &l->v.p[i];
		struct buf *all[] = {&f->subject, &f->issuer, &f->names, &f->key, &f->from, &f->to, &f->public_key, &f->whole};

		for (size_t k = 0; k < sizeof all / sizeof *all; k++)
			buf_free(all[k]);
	}
	vec_free(&l->v);
}

#ifdef HAVE_TLS
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void take(BIO *b, struct buf *out)
{
	char *text;
	long n = BIO_get_mem_data(b, &text);

	buf_put(out, text, (size_t)n);
	(void)BIO_reset(b);
}

static void hash(const unsigned char *der, int n, struct buf *out)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len;

	if (n > 0 && EVP_Digest(der, (size_t)n, md, &len, EVP_sha256(), NULL) == 1)
		for (unsigned i = 0; i < len; i++)
			buf_fmt(out, "%02x", md[i]);
}

static void hashes(X509 *x, struct cert_facts *f)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);

	hash(der, n, &f->whole);
	OPENSSL_free(der);
	der = NULL;
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	hash(der, n, &f->public_key);
	OPENSSL_free(der);
}

static void alternatives(X509 *x, struct buf *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);

		if (g->type != GEN_DNS && g->type != GEN_EMAIL)
			continue;
		buf_adds(out, out->n ? " " : "");
		buf_put(out, ASN1_STRING_get0_data(g->d.ia5), (size_t)ASN1_STRING_length(g->d.ia5));
	}
	GENERAL_NAMES_free(names);
}

static void describe(X509 *x, BIO *b, struct cert_facts *f)
{
	const EVP_PKEY *key = X509_get0_pubkey(x);

	*f = (struct cert_facts){.subject = BUF_INIT, .issuer = BUF_INIT, .names = BUF_INIT, .key = BUF_INIT, .from = BUF_INIT,
		.to = BUF_INIT, .public_key = BUF_INIT, .whole = BUF_INIT};
	X509_NAME_print_ex(b, X509_get_subject_name(x), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	take(b, &f->subject);
	X509_NAME_print_ex(b, X509_get_issuer_name(x), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	take(b, &f->issuer);
	ASN1_TIME_print(b, X509_get0_notBefore(x));
	take(b, &f->from);
	ASN1_TIME_print(b, X509_get0_notAfter(x));
	take(b, &f->to);
	buf_fmt(&f->key, "%s %d", key ? EVP_PKEY_get0_type_name(key) : "unknown", key ? EVP_PKEY_get_bits(key) : 0);
	f->expired = X509_cmp_current_time(X509_get0_notAfter(x)) < 0;
	alternatives(x, &f->names);
	hashes(x, f);
}

/* Which certificates have their keys here? */
static void match_keys(const STACK_OF(X509) *certs, EVP_PKEY *key, struct cert_list *l)
{
	for (int i = 0; i < sk_X509_num(certs); i++)
		if (X509_check_private_key(sk_X509_value(certs, i), key) == 1)
			l->v.p[i].has_key = true;
	ERR_clear_error();
}

static int read_all(struct str pem, STACK_OF(X509) *certs, BIO *b, struct cert_list *l, struct err *e)
{
	BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n), *keys = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key;
	X509 *x;
	int r = 0;

	while (in && (x = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
		struct cert_facts f;

		sk_X509_push(certs, x);
		describe(x, b, &f);
		vec_push(&l->v, f);
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		r = err_perm(e, 0, "a certificate that cannot be read: %s", ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	while (keys && (key = PEM_read_bio_PrivateKey(keys, NULL, NULL, (void *)(size_t)""))) {
		match_keys(certs, key, l);
		EVP_PKEY_free(key);
	}
	ERR_clear_error();
	BIO_free(in);
	BIO_free(keys);
	return r;
}

int cert_read(struct str pem, struct cert_list *l, struct err *e)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *b = BIO_new(BIO_s_mem());
	int r = certs && b ? read_all(pem, certs, b, l, e) : err_temp(e, 0, "out of memory");

	BIO_free(b);
	sk_X509_pop_free(certs, X509_free);
	return r;
}
#else
int cert_read(struct str pem, struct cert_list *l, struct err *e)
{
	(void)pem;
	(void)l;
	return err_perm(e, 0, "this build has no TLS");
}
#endif
