/* note - the recipients of a settled message whose sender set delivery status parameters, as y records of info.
 * They stand there, not in local and remote, so that those files stay as every qmail knows them.  A note is
 *
 *	y STATE CHANNEL OFFSET " " PARAMETERS "\n" RECIPIENT NUL
 *
 * without blanks between the first four: STATE is one of the letters below and is overwritten in place, CHANNEL L or R and
 * OFFSET (decimal) say which T record of local or remote it belongs to. */
#ifndef QUEUE_NOTE_H
#define QUEUE_NOTE_H

#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/vec.h"
#include "queue/envelope.h"

enum note_state {
	NOTE_OPEN = '-',	/* no report yet */
	NOTE_WARNED = 'w',	/* told of the delay */
	NOTE_DELIVERED = 'k',	/* delivered, to be reported */
	NOTE_RELAYED = 'r',	/* given to a host that sends no reports, to be reported */
	NOTE_CLOSED = '.',	/* nothing to report any more */
};

struct note {
	char state, channel;
	off_t mpos;		/* of its T record */
	off_t at;		/* of the state in info */
	struct str params, rcpt;
};
struct notes {
	VEC(struct note) v;
};

/* Append the record for a recipient whose T record stands at mpos of its file. */
void note_add(struct buf *b, char state, char channel, size_t mpos, struct str params, struct str rcpt);
/* The notes of an info file that was read; views into v.  Malformed ones are left out.  channel 0: all. */
void notes_take(const struct envelope *v, char channel, struct notes *n);
/* The note of a T record, among those of one channel; NULL when it has none. */
struct note *notes_find(const struct notes *n, off_t mpos);
/* Overwrite the state in the file info and here; what is to be reported is on disk then (USE_FSYNC).  -1 with e: the file
 * keeps the old one. */
int note_mark(const char *info, struct note *n, char state, struct err *e);

#endif
