/* forward - hand a delivered message on to other addresses (queue-and-delivery section 14.5). */
#ifndef QUEUE_FORWARD_H
#define QUEUE_FORWARD_H

#include <stdbool.h>

#include "core/base/buf.h"

struct forward {
	int fd;			/* the message from its position on */
	struct str dtline;	/* whole lines, put before the message: Delivered-To of this delivery */
	struct str extra;	/* further header lines (QQEH) */
	struct str sender;	/* the new envelope sender */
	const struct str *to;
	size_t n;
	struct str mail_params, rcpt_params;	/* delivery status parameters, empty none */
};

/* Give a forward the parameters of its delivery (RFC 3461 section 5.2.7), if reports still reach the same sender: all of them
 * when the message goes on to one address and nowhere else (alone), of others only that nobody wants to hear anything.  mail and
 * rcpt hold what f then points to.  True: whoever has the message next tells of success. */
bool forward_params(struct forward *f, struct str sender, bool alone, struct buf *mail, struct buf *rcpt);

/* One message to all recipients.  0 and the number for the log in *qp, or the exit code 100 (refused for
 * good) or 111 with the reason in *why. */
int forward_send(const struct forward *f, unsigned long *qp, struct buf *why);

#endif
