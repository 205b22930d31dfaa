/* compose - make a header fit to be sent: addresses completed, recipients and sender found, fields that are
 * for us alone taken out (queue-and-delivery section 22.1, qmail-header(5)).  Text to text. */
#ifndef CORE_MAIL_COMPOSE_H
#define CORE_MAIL_COMPOSE_H

#include "core/mail/addr.h"

/* Bits of compose.seen. */
enum {
	SEEN_TO = 1,
	SEEN_CC = 2,
	SEEN_FROM = 4,
	SEEN_DATE = 8,
	SEEN_ID = 16,
	SEEN_FOLLOWUP = 32,	/* Mail-Followup-To */
};

struct compose {
	addr_value *value;	/* completes addresses */
	void *ctx;
	bool drop_from;		/* fields of the message that are to be replaced by ours */
	bool drop_id;
	bool ignore_path;	/* Return-Path does not say who the sender is */
	/* what compose_header found */
	struct buf fields;	/* the fields to send */
	unsigned seen, resent_seen;	/* which fields it has; the Resent- ones */
	bool resent;		/* any Resent- field */
	struct buf to, resent_to;	/* recipients, each ended by NUL */
	struct buf visible;	/* those of To and Cc */
	struct buf sender;	/* from Return-Path */
	bool sender_given;
};

void compose_init(struct compose *c, addr_value *value, void *ctx);
void compose_free(struct compose *c);
/* Read header lines.  -1: ERR_PERM, a field is malformed. */
int compose_header(struct compose *c, struct str header, struct err *e);
/* Append "NAME: list" as a folded field with its newline; list are addresses each ended by NUL. */
void compose_list(struct buf *b, const char *name, struct str list);

#endif
