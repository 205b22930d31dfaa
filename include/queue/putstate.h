/* putstate - a message on its way into the queue, as put.c, putfiles.c and putback.c share it.  For nobody else. */
#ifndef QUEUE_PUTSTATE_H
#define QUEUE_PUTSTATE_H

#include "queue/headerfilter.h"
#include "queue/layout.h"
#include "queue/put.h"

/* A file being written: the bytes not yet in it or, for the journal, all of them. */
struct stage {
	int fd;
	struct buf b;
	size_t written;		/* of b */
};

struct put {
	struct layout lay;
	struct buf dir;			/* the queue */
	struct buf mess, intd, todo;	/* full names; empty: not there yet */
	struct put_origin origin;
	uint64_t id;
	struct stage text, env;		/* the files in mess and intd */
	struct journal *journal;	/* NULL: the files themselves are synced */
	bool loose;			/* no files so far, perhaps never: numbers.h keeps the id */
	struct headerfilter filter;
	struct list extra, archive;
	struct buf quarantine, quarantined;	/* its address; the recipients it replaces */
	struct buf archived;			/* T records of mailarchive */
	bool optional;			/* the features of section 6.4 are wanted */
	const char *virus;		/* a header line: what the virus scanner said, NULL nothing */
	bool discard;			/* accepted, and thrown away in the end */
	bool sync, syncdir;
};

struct put *put_new(const struct put_origin *o);
void put_free(struct put *p);

/* The full name of its file in a part of the queue. */
void put_path(const struct put *p, enum part part, struct buf *b);
/* Write what is not in the file yet. */
int put_flush(struct put *p, struct stage *t);
int put_write_failed(const struct buf *fn, struct err *e);	/* -1 with errno and code 53 */

/* Create or open for writing.  Whoever delivers may have another account than the queue's owner: everybody may read
 * it, the umask of the moment does not count.  -1: with O_EXCL no new file is left. */
int put_new_file(const char *fn, int flags);

/* Stage 1: a file in pid, or a spare one, whose inode number becomes the message's name in mess. */
int put_create(struct put *p, struct err *e);
/* The file kept for the message's number (numbers.h) gets its name in mess; false, errno ENOENT: it is not there. */
bool put_claim(struct put *p);
/* The envelope's file in intd. */
int put_create_envelope(struct put *p, struct err *e);

#endif
