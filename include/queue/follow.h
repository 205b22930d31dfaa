/* follow - one message through the logs of send and its partners: from its acceptance over every attempt
 * to its end, and on to the bounces and forwarded copies that came of it.  Remembers what it follows,
 * nothing else. */
#ifndef QUEUE_FOLLOW_H
#define QUEUE_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/vec.h"

struct follow_message {
	char *queue;		/* its name, owned */
	uint64_t id;
};
struct follow_delivery {
	char *queue, *qident;	/* owned */
	uint64_t number;
};
/* A bounce that was queued; all bounces of a send have the same qp, and come in their order. */
struct follow_bounce {
	uint64_t qp;
	bool ours;
};
struct follow {
	/* what is looked for: any of them */
	uint64_t id, qp;
	struct str queue, text;	/* queue: only there, empty: anywhere; text: any line that has it */
	VEC(struct follow_message) messages;
	VEC(struct follow_delivery) running;
	VEC(uint64_t) qps;	/* of messages that will come */
	VEC(struct follow_bounce) bounces;	/* that will come, anybody's */
	struct buf before;	/* the line before its info line: new msg */
	uint64_t before_id;
	bool with_before;	/* before is to be shown with the line now */
};

/* Does this line, without time stamp, belong to what is followed?  f->with_before: the line in f->before,
 * as it was given to follow_keep, does too. */
bool follow_line(struct follow *f, struct str line);
/* The whole line, with its stamp, that follow_line has just seen: it may be wanted together with the next. */
void follow_keep(struct follow *f, struct str whole);
void follow_free(struct follow *f);
/* How many bytes of a line are its time stamp with the blank behind it: TAI64N label, seconds with
 * fraction, local time. */
size_t follow_stamp(struct str line);

#endif
