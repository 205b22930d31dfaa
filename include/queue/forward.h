/* forward - hand a delivered message on to other addresses (queue-and-delivery section 14.5). */
#ifndef QUEUE_FORWARD_H
#define QUEUE_FORWARD_H

#include "core/base/buf.h"

struct forward {
	int fd;			/* the message from its position on */
	struct str dtline;	/* whole lines, put before the message: Delivered-To of this delivery */
	struct str extra;	/* further header lines (QQEH) */
	struct str sender;	/* the new envelope sender */
	const struct str *to;
	size_t n;
};

/* One message to all recipients.  0 and the number for the log in *qp, or the exit code 100 (refused for
 * good) or 111 with the reason in *why. */
int forward_send(const struct forward *f, unsigned long *qp, struct buf *why);

#endif
