/* parcel - a message outside a queue: a file in a directory that indimail q export writes and import
 * reads.
 *
 *	indimail-parcel 1
 *	queue NAME		where it was, for people
 *	id N
 *	birth SECONDS
 *	envelope BYTES
 *	message BYTES
 *				(an empty line)
 *	the envelope's records (u p F x T y e h, as in todo; recipients that are left), then the message
 *
 * Names say how far it is.  QUEUE.ID.BIRTH.part: being written.  QUEUE.ID.BIRTH.ready: whole, its message
 * is held and about to be removed from the queue.  QUEUE.ID.BIRTH.parcel: whole, and no longer in a queue
 * when it was exported with --delete. NAME.QUEUE.ID.import: stored in a queue under that id, perhaps
 * released already.  What was interrupted is finished by the next export or import. */
#ifndef QUEUE_PARCEL_H
#define QUEUE_PARCEL_H

#include "queue/rewrite.h"
#include "queue/steer.h"
#include "queue/view.h"

/* The file's name, with this ending. */
void parcel_name(const struct view *v, const char *end, struct buf *fn);
/* How messages of the queue in the current directory get into parcels. */
struct parcel_way {
	struct steer_link *link;	/* for moving */
	const struct layout *lay;
	const struct rewrite *rules;
	const char *dir;
	long patience_ms;		/* see steer_ask */
};
/* Write the message into dir as .part, synced. */
int parcel_write(const struct parcel_way *w, const struct view *v, struct err *e);
/* A file of dir gets the name that says how far it is now; on disk. */
int parcel_rename(const char *dir, const char *from, const char *to, struct err *e);
/* A copy: .parcel is there afterwards. */
int parcel_copy(const struct parcel_way *w, const struct view *v, struct err *e);
/* The message leaves its queue.  An answer of steer.h: done, gone meanwhile, being delivered, or failed
 * with e. */
char parcel_move(const struct parcel_way *w, const struct view *v, struct err *e);
/* The same from .ready on; v NULL: the message has gone already. */
char parcel_finish(const struct parcel_way *w, const struct view *v, const char *ready, struct err *e);
/* QUEUE.ID.BIRTH.END: whose parcel is it?  queue is cut out of name. */
bool parcel_whose(struct str name, struct str *queue, uint64_t *id, uint64_t *birth);
/* The queue in NAME.QUEUE.ID.import, empty: none. */
struct str parcel_queue(struct str name);

struct parcel {
	uint64_t id, birth;
	struct str env, body;
	struct buf text;	/* what they point into */
};
/* Read and check it: unreadable, cut, or no good envelope is an error. */
int parcel_read(const char *fn, struct parcel *p, struct err *e);
int parcel_parse(struct parcel *p, struct err *e);	/* p->text is there */
void parcel_free(struct parcel *p);

/* Take one parcel of dir (its name without directory) into queue, whatever an earlier attempt has done;
 * the file is gone then.  *id: its number there, 0 when it was there already.  0, or -1 with e. */
int parcel_import(const char *dir, const char *name, const char *queue, uint64_t *id, struct err *e);

#endif
