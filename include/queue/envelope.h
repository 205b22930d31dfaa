/* envelope - the record files of a queue: todo/intd, info, local, remote (section 5.2), parsed
 * from memory or from a descriptor.  Every record is a letter, text, NUL.  Beyond that section: x has delivery
 * status parameters of the message; y, behind a T, those of that recipient.  Both are there only when used. */
#ifndef QUEUE_ENVELOPE_H
#define QUEUE_ENVELOPE_H

#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/vec.h"

/* Cut the next record off *rest: its letter, 0 at the end, -1 when the last record has no NUL. */
int envelope_next(struct str *rest, struct str *text);

struct envelope {
	struct arena mem;
	uint64_t uid, pid;
	struct str sender;	/* p == NULL: no F record */
	struct str extra;	/* e: QQEH lines */
	struct str headers;	/* h: lines that become variables */
	struct str params;	/* x: delivery status parameters of the message (core/smtp/dsn.h), p == NULL: none */
	VEC(struct str) rcpts;
	VEC(struct str) dsn;	/* y: those of a recipient, as far as any has some; see envelope_dsn */
	VEC(struct str) notes;	/* y of an info file, see note.h */
	struct str whole;	/* the text the views point into */
};

/* The parameters of recipient i, empty: none. */
struct str envelope_dsn(const struct envelope *v, size_t i);

/* Read a todo or info file.  Errors: unreadable, cut record, unknown letter. */
int envelope_read(const char *fn, struct envelope *v, struct err *e);
int envelope_parse(struct str text, struct envelope *v, struct err *e);
void envelope_free(struct envelope *v);

#endif
