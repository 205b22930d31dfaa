/* tlskeeper - one process that holds the private keys and speaks TLS for many sessions.  A session hands its connection
 * over and gets it back as a socket in plain text: what parses the words of strangers never has a key in its memory,
 * and a session in TLS takes little more memory than one without. */
#ifndef CORE_NET_TLSKEEPER_H
#define CORE_NET_TLSKEEPER_H

#include <sys/types.h>

#include "core/net/tlsfiles.h"

/* Start a keeper; its pid, and *sock, where sessions of this process and its children ask for it.  It ends when all copies
 * of *sock are closed and its last connection is over.  -1 with e. */
pid_t tlskeeper_start(int *sock, struct err *e);
/* Whether the keeper can use the files f: 0; -1 as below. */
int tlskeeper_check(int sock, const struct tls_files *f, struct err *e);
/* Have the handshake on the connection fd done with the files f: a descriptor that speaks plain text, which the caller
 * owns, and *facts.  fd stays the caller's, who should close it.  -1 with e; with errno EPIPE there is no keeper any more, and
 * nothing has happened to the connection. */
int tlskeeper_secure(int sock, int fd, const struct tls_files *f, int timeout_ms, struct tls_facts *facts, struct err *e);

#endif
