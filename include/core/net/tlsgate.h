/* tlsgate - the TLS side of a server that serves many connections from child processes: the context from the words of
 * a command line, made while the files can still be read, and made again when they change. */
#ifndef CORE_NET_TLSGATE_H
#define CORE_NET_TLSGATE_H

#include "core/net/tlsfiles.h"

struct tls_gate {
	/* the caller's words; NULL: what environment and control files say */
	const char *dir;	/* in place of CERTDIR */
	const char *cert;	/* a file; empty: TLS_CERTFILE, or the default one */
	const char *ca, *crl, *method;
	const char *cipher_file;	/* its first word is the list of ciphers */
	int renegotiate;
	long patience, idle;	/* seconds for the handshake, and without a byte in either direction */
	int details;		/* of the connection in TLS_PROVIDER */
	/* ours */
	struct tls_files files;
	struct buf own_cert, own_ciphers;
	struct tls_ctx *ctx;
	bool failed;
};

/* -1 with e: unreadable files, unknown words. */
int tls_gate_open(struct tls_gate *g, struct err *e);
/* Make the context again when a file has changed: 0; -1 with e (said
 * once), and the old one serves on. */
int tls_gate_refresh(struct tls_gate *g, struct err *e);
/* In the child that was forked for the connection s: shake hands, set TLS_PROVIDER, run the program (which does not return) in
 * a process with the plain text on descriptors 0 and 1 and no others but 2, and pass bytes until it is over.  -1 with e: no TLS. */
int tls_gate_serve(struct tls_gate *g, int s, void (*program)(void), struct err *e);

#endif
