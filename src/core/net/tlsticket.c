/* tlsticket - session tickets that several processes can open (RFC 5077, RFC 8446 section 4.6.1); see tlsctx.h.
 * Their keys come from a secret that only lives in memory, and change every few hours; a ticket outlives at
 * most one change. */
#include "config.h"
#include "core/net/tls.h"

#include "core/sys/rand.h"

enum { SECRET = 32 };

static unsigned char secret[SECRET];
static bool have_secret;

void tls_share_sessions(void)
{
	if (!have_secret)
		rand_bytes(secret, sizeof secret);
	have_secret = true;
}

#ifdef HAVE_TLS
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <string.h>

#include "core/net/tlsctx.h"
#include "core/sys/clock.h"

enum { NAME = 16, IV = 16, KEY = 32, HOURS = 6, LIFE_S = HOURS * 3600 };

/* One of the keys of an epoch; out has room for 32 bytes. */
static bool derive(const char *use, uint64_t epoch, unsigned char *out)
{
	unsigned char text[16] = {0};

	memcpy(text, use, strlen(use) < 8 ? strlen(use) : 8);
	memcpy(text + 8, &epoch, sizeof epoch);
	return HMAC(EVP_sha256(), secret, SECRET, text, sizeof text, out, NULL) != NULL;
}

static bool set_keys(uint64_t epoch, const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seal)
{
	unsigned char key[KEY], mac_key[KEY];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, KEY),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
		OSSL_PARAM_construct_end(),
	};
	bool good = derive("cipher", epoch, key) && derive("mac", epoch, mac_key) &&
		EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv, seal) == 1 &&
		EVP_MAC_CTX_set_params(mac, params) == 1;

	OPENSSL_cleanse(key, sizeof key);
	OPENSSL_cleanse(mac_key, sizeof mac_key);
	return good;
}

/* The library asks for the keys of a new ticket, or of one that a client shows: 1, 2 (and a new one is due), 0 unknown. */
static int ticket_keys(SSL *ssl, unsigned char name[NAME], unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
	int seal)
{
	uint64_t now = (uint64_t)clock_now() / LIFE_S;
	unsigned char id[KEY];

	(void)ssl;
	if (seal) {
		rand_bytes(iv, IV);
		if (!derive("name", now, id))
			return -1;
		memcpy(name, id, NAME);
		return set_keys(now, iv, cipher, mac, 1) ? 1 : -1;
	}
	for (uint64_t age = 0; age < 2; age++)
		if (derive("name", now - age, id) && CRYPTO_memcmp(name, id, NAME) == 0)
			return set_keys(now - age, iv, cipher, mac, 0) ? (age ? 2 : 1) : -1;
	return 0;
}

void tls_use_tickets(SSL_CTX *ssl)
{
	tls_share_sessions();
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(ssl, LIFE_S);
	SSL_CTX_set_num_tickets(ssl, 1);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, ticket_keys);
}
#endif
