/* tlsfiles - where a program finds what it needs for TLS: files in CERTDIR, control files, environment
 * (policy reference 1.7 and 11, control files section 11). */
#ifndef CORE_NET_TLSFILES_H
#define CORE_NET_TLSFILES_H

#include "core/net/tls.h"

/* conf points into the buffers; a caller may put its own words over any member of conf. */
struct tls_files {
	struct tls_conf conf;
	struct buf dir, cert, sni, ca, crl, dh, ciphers, suites, method;
};

/* Whether a server has its CERTDIR/SERVERCERT and this build knows TLS. */
bool tls_files_ready(void);
/* A server: CERTDIR/SERVERCERT (whether it exists or not), CERTDIR/servercerts/NAME.pem by name, CLIENTCA, CLIENTCRL and
 * dhBITS.pem where they exist, ciphers and method.  dir replaces CERTDIR, NULL does not.  -1: an unreadable control file. */
int tls_files_server(struct tls_files *f, const char *dir, struct err *e);
/* A client: CERTDIR/CLIENTCERT where it exists, ciphers and method.  No authorities: they depend on the server. */
int tls_files_client(struct tls_files *f, const char *dir, struct err *e);
/* The context for f: one for each side is kept by the process, and made anew only when a word or a file has changed
 * since the last call.  f stays the caller's. */
struct tls_ctx *tls_files_context(const struct tls_files *f, bool server, struct err *e);
/* f->conf in one text, appended: to compare and to own it, or to send it to another process. */
void tls_files_write_down(const struct tls_files *f, struct buf *out);
/* The configuration in such a text, pointing into it, which must end in a NUL beyond its end; false: it is not one. */
bool tls_files_read_back(struct str text, struct tls_conf *c);
void tls_files_free(struct tls_files *f);
/* The file a word names: a path with a slash as it is, else below dir; replaces *fn. */
void tls_files_path(const struct tls_files *f, const char *name, struct buf *fn);

#endif
