/* qmqp - the sending side of QMQP: one message for all its recipients, one answer (queue-and-delivery section 23). */
#ifndef CORE_SMTP_QMQP_H
#define CORE_SMTP_QMQP_H

#include <stdint.h>

#include "core/sys/in.h"
#include "core/sys/out.h"

struct qmqp_mail {
	struct in *body;	/* the message, LF line ends */
	uint64_t size;		/* exactly the bytes body has */
	struct str envelope;	/* a netstring for the sender, then one per recipient (qmqp_address) */
};

void qmqp_address(struct buf *envelope, struct str addr);
/* Send and hear the answer, whose words go into text (replaced): its letter K, Z or D; -1 with errno: ECONNRESET closed,
 * ETIMEDOUT, EPROTO; ENODATA: the body was shorter than size. */
int qmqp_send(struct in *in, struct out *out, const struct qmqp_mail *m, struct buf *text);

#endif
