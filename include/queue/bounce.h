/* bounce - failures collected per message and sent back (section 18), and reports of delay and success for senders
 * who asked for them (RFC 3461).  What is written is letter.h's business. */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include "queue/layout.h"
#include "queue/letter.h"
#include "queue/note.h"
#include "queue/rewrite.h"

int bounce_load(struct bounce_conf *c, struct err *e);
void bounce_free(struct bounce_conf *c);

/* Add a paragraph for a failed recipient to bounce/ID.  It is on disk afterwards (USE_FSYNC), so that the recipient may
 * be marked; what a crash has left of an unfinished paragraph is removed before. */
int bounce_append(const struct rewrite *r, uint64_t id, struct str rcpt, struct str report, struct err *e);

/* A message of the queue. */
struct bounced {
	uint64_t id;
	time_t birth, expires;	/* when it was queued, and when it is given up */
	struct str sender;	/* of info */
	struct str params;	/* x record, p == NULL none */
	const struct notes *notes;	/* of all its recipients */
};

/* Where log lines go, and what they say of us. */
struct bounce_log {
	const char *program;	/* "qmail-send" */
	const char *q;		/* the queue's name */
	struct buf *text;
};

enum bounce_result {
	BOUNCE_NONE,	/* nothing to send */
	BOUNCE_DONE,	/* sent, discarded or dropped; the bounce file is gone */
	BOUNCE_LATER,	/* try again */
};
/* Send the bounce of a message whose recipients are all settled: a report of RFC 3464 when its sender set delivery status
 * parameters.  Log lines are appended to log->text. */
enum bounce_result bounce_send(const struct bounce_conf *c, const struct rewrite *r, const struct layout *l,
	const struct bounced *m, const struct bounce_log *log);

/* Does this sender get reports of delay and success?  Nobody does who has no address. */
bool bounce_reports_to(struct str sender);
/* Send such a report.  False: it could not be queued. */
bool bounce_report(const struct bounce_conf *c, const struct layout *l, const struct bounced *m, enum letter_kind kind,
	const struct outcome *o, size_t n, const struct bounce_log *log);

#endif
