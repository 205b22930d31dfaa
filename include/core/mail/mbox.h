/* mbox - append one message to a mailbox file (mbox(5), queue-and-delivery section 15.3). */
#ifndef CORE_MAIL_MBOX_H
#define CORE_MAIL_MBOX_H

#include "core/base/err.h"
#include "core/base/str.h"
#include "core/sys/out.h"

enum { MBOX_LOCK_SECONDS = 30 };

/* Lines become mbox lines while they are written: '>' goes before every line that is any number of '>'
 * and "From " (the mboxrd rule), so that reading can undo it exactly. */
struct mbox_quote {
	struct out *out;
	size_t gt;	/* how many '>' began this line, still unwritten */
	size_t from;	/* how many characters of "From " followed them, still unwritten */
	bool inside;	/* past the point where this line can still need quoting */
	bool any;	/* this line has bytes */
};
void mbox_quote(struct mbox_quote *q, struct str part);
/* Complete a partial last line and add the empty line that ends a message. */
void mbox_quote_end(struct mbox_quote *q);

/* Open fn for appending (created 0600) and lock it; waits half a minute, uses SIGALRM.  The descriptor is
 * that of the file that has this name while the lock is held: others may replace the file under theirs.
 * -1: ERR_TEMP. */
int mbox_open(const char *fn, struct err *e);

/* Append head (the From_ line and what follows it) and the message that fd holds from its position on
 * to the file fn, under the lock of mbox_open.  Synced before 0 is returned.  -1: the file is as long as
 * before; a full quota is ERR_PERM, all else ERR_TEMP. */
int mbox_deliver(const char *fn, struct str head, int fd, struct err *e);

#endif
