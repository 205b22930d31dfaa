/* bounce - failures collected per message and sent back (section 18, QSBMF). */
#ifndef QUEUE_BOUNCE_H
#define QUEUE_BOUNCE_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "queue/layout.h"
#include "queue/rewrite.h"

struct bounce_conf {
	struct buf from, host, subject, dsubject, to, dhost;
	struct buf message, dmessage;	/* replacements of the first paragraph; empty none */
	long maxbytes;
};
int bounce_load(struct bounce_conf *c, struct err *e);
void bounce_free(struct bounce_conf *c);

/* Add a paragraph for a failed recipient to bounce/ID. */
int bounce_append(const struct rewrite *r, uint64_t id, struct str rcpt, struct str report, struct err *e);

enum bounce_result {
	BOUNCE_NONE,	/* nothing to send */
	BOUNCE_DONE,	/* sent, discarded or dropped; the bounce file is gone */
	BOUNCE_LATER,	/* try again */
};
/* Send the bounce of a message whose recipients are all settled.  Log lines are appended to log. */
enum bounce_result bounce_send(const struct bounce_conf *c, const struct layout *l, uint64_t id, struct str sender,
	const char *q, struct buf *log);

#endif
