/* received - the trace line every network daemon puts before a message. */
#ifndef CORE_MAIL_RECEIVED_H
#define CORE_MAIL_RECEIVED_H

#include <time.h>

#include "core/base/buf.h"

struct received {
	const char *program;	/* "smtpd" */
	long pid;
	const char *host;	/* name of the client; NULL leaves it out, as the others */
	struct str helo;	/* what the client called itself, empty when that adds nothing */
	const char *info;	/* who the client is: ident, AUTH user */
	const char *ip;
	const char *local;	/* our name */
	const char *protocol;	/* "ESMTP" */
	const char *tls;	/* our encryption: version, cipher, bits */
	const char *cert;	/* the address in the certificate that let the client relay */
	const char *provider;	/* encryption around us: "name, details" */
	time_t when;
};

/* Append the folded line with its final newline; bytes that have no place in a name become "?"
 * (RFC 5321 section 4.4, queue reference section 28.3). */
void received_add(struct buf *b, const struct received *r);

#endif
