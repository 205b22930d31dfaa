/* qmtp - the sending side of QMTP: a message, its sender and its recipients as netstrings, one
 * netstring per recipient as the answer (queue-and-delivery section 16.8). */
#ifndef CORE_SMTP_QMTP_H
#define CORE_SMTP_QMTP_H

#include <stdint.h>

#include "core/sys/in.h"
#include "core/sys/out.h"

enum { QMTP_ANSWER_MAX = 16384 };	/* a longer answer is a protocol error */

struct qmtp_mail {
	struct str sender;
	const struct str *rcpts;
	size_t n;
	struct str head;	/* lines put before the message */
	struct in *body;	/* the message, LF line ends */
	uint64_t size;		/* exactly the bytes body has */
	/* Called for each recipient in order: K, Z or D, and the server's words. */
	void (*rcpt)(size_t i, char letter, struct str text, void *arg);
	void *arg;
};

/* Send and hear all answers: how many recipients were refused, -1 with errno: ECONNRESET closed,
 * ETIMEDOUT, EPROTO; ENODATA: the body was shorter than size (drop the connection). */
int qmtp_send(struct in *in, struct out *out, const struct qmtp_mail *m);
/* The bare bytes of a message, as much of body as size says: 0, or -1 with errno as above. */
int qmtp_body(struct out *out, struct in *body, uint64_t size);
/* Read a netstring of at most max bytes into b (replaced): 0, or -1 with errno. */
int qmtp_netstring(struct in *in, struct buf *b, size_t max);

#endif
