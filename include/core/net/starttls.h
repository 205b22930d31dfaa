/* starttls - ask a server of SMTP, POP3 or IMAP for TLS: the plain beginning of a connection (RFC 3207, 2595,
 * 3501 section 6.2.1).  What a server says in plain text behind its consent never gets into the encrypted
 * conversation. */
#ifndef CORE_NET_STARTTLS_H
#define CORE_NET_STARTTLS_H

#include "core/base/buf.h"
#include "core/base/err.h"

enum starttls {
	STARTTLS_NONE,
	STARTTLS_SMTP,
	STARTTLS_POP3,
	STARTTLS_IMAP,
};

/* "smtp", "pop3", "imap". */
bool starttls_scan(const char *word, enum starttls *kind);
/* Read the greeting, which is appended to *greeting (may be NULL) as it came, and ask for TLS, all within
 * timeout_ms. 0: the handshake is next.  -1: e, of class ERR_PERM when the server refuses. */
int starttls_ask(enum starttls kind, int rfd, int wfd, struct buf *greeting, int timeout_ms, struct err *e);

#endif
