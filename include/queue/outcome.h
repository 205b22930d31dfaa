/* outcome - what became of one recipient, as a delivery status notification tells it (RFC 3464 section 2.3). */
#ifndef QUEUE_OUTCOME_H
#define QUEUE_OUTCOME_H

#include "core/base/buf.h"

/* What send appends to the last deferral of a message that has become too old. */
#define OUTCOME_TOO_OLD "This message has been waiting for too long; no further delivery will be tried."

enum outcome_action { OUTCOME_FAILED, OUTCOME_DELAYED, OUTCOME_DELIVERED, OUTCOME_RELAYED };

struct outcome {
	struct str rcpt;	/* as the outside knows it */
	struct str params;	/* of its y record, empty none */
	struct str text;	/* of the delivery report, without its letter; empty: not known any more */
	enum outcome_action action;
};

/* The status code "5.1.1": that of the remote host's reply, else the last (#5.1.1) of the text, else by action. */
void outcome_status(const struct outcome *o, struct buf *b);
/* Append the group of fields for this recipient; ASCII only, no empty line. */
void outcome_fields(const struct outcome *o, struct buf *b);
/* Append the paragraph people read: "<rcpt>:", the text without empty lines, one empty line. */
void outcome_paragraph(struct str rcpt, struct str text, struct buf *b);

#endif
