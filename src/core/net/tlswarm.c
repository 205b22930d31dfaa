/* tlswarm - the first handshake, with nobody; see tls.h.  The library fetches and keeps algorithms when they are first
 * used: several hundred kilobytes that every process would make for itself, and that it shares when its parent did. */
#include "config.h"
#include "core/net/tls.h"

#ifdef HAVE_TLS
#include "core/net/tlsctx.h"

enum { TURNS = 20 };	/* more than a handshake has flights */

/* Both sides of a handshake in this process, by a pair of pipes in memory. */
static void shake_hands(SSL *server, SSL *client)
{
	BIO *a, *b;
	char c;

	if (BIO_new_bio_pair(&a, 0, &b, 0) != 1)
		return;
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int i = 0; i < TURNS && !(SSL_is_init_finished(server) && SSL_is_init_finished(client)); i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	SSL_write(client, "", 1);
	SSL_read(server, &c, 1);
	SSL_write(server, "", 1);
	SSL_read(client, &c, 1);
}

void tls_warm(struct tls_ctx *x)
{
	SSL_CTX *other = SSL_CTX_new(TLS_client_method());
	SSL *server = other ? SSL_new(x->ssl) : NULL, *client = other ? SSL_new(other) : NULL;

	if (server && client)
		shake_hands(server, client);
	SSL_free(server);
	SSL_free(client);
	SSL_CTX_free(other);
	ERR_clear_error();
}
#endif
