/* tlsrehearse - a server that talks to itself before anybody comes; see tls.h.  The library looks for algorithms when they
 * are first used: some 300 KB and two milliseconds in every process that has not done it before its fork. */
#include "config.h"
#ifdef HAVE_TLS
#include "core/net/tlsctx.h"

enum { STEPS = 20 };

/* One end at a time, until both are content or nothing moves any more. */
static void shake(SSL *server, SSL *client)
{
	char p[16];
	bool done = false;

	for (int i = 0; i < STEPS && !done; i++) {
		int c = SSL_do_handshake(client), s = SSL_do_handshake(server);

		done = c == 1 && s == 1;
	}
	/* tickets, a few bytes each way and the goodbyes belong to it */
	SSL_read(client, p, sizeof p);
	SSL_write(server, "x", 1);
	SSL_read(client, p, sizeof p);
	SSL_write(client, "x", 1);
	SSL_read(server, p, sizeof p);
	SSL_shutdown(client);
	SSL_shutdown(server);
	ERR_clear_error();
}

static void meet(SSL_CTX *server_ctx, SSL_CTX *client_ctx)
{
	SSL *server = SSL_new(server_ctx), *client = SSL_new(client_ctx);
	BIO *a, *b;

	if (server && client && BIO_new_bio_pair(&a, 0, &b, 0) == 1) {
		SSL_set_bio(server, a, a);
		SSL_set_bio(client, b, b);
		SSL_set_accept_state(server);
		SSL_set_connect_state(client);
		shake(server, client);
	}
	SSL_free(server);
	SSL_free(client);
}

void tls_rehearse(struct tls_ctx *x)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

	for (unsigned i = 0; i < sizeof versions / sizeof *versions; i++) {
		SSL_CTX *client = SSL_CTX_new(TLS_client_method());

		if (client && SSL_CTX_set_min_proto_version(client, versions[i]) == 1 &&
				SSL_CTX_set_max_proto_version(client, versions[i]) == 1)
			meet(x->ssl, client);
		SSL_CTX_free(client);
	}
	ERR_clear_error();
}
#endif
