/* todo - take one message from state S4 on: read its envelope, classify its recipients, and either
 * announce it for its first attempt (it stays S4) or preprocess it to S5 (section 9.3). */
#ifndef QUEUE_TODO_H
#define QUEUE_TODO_H

#include <stdint.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/vec.h"
#include "queue/envelope.h"
#include "queue/layout.h"
#include "queue/rewrite.h"

/* What of a message is known after reading it. */
struct todo_msg {
	uint64_t id, size;
	struct envelope env;
	bool has_local, has_remote;	/* among the recipients not yet done */
	VEC(struct str) rcpts;		/* rewritten, in the order of the todo file */
	struct buf remote;		/* per recipient '1' remote, '0' local */
	int fds[3];			/* info, local, remote while being written */
	struct err err;			/* why it has to wait; class ERR_NONE: fine */
};

/* Read and classify.  1: ready; 0: it is gone; -1: unreadable or damaged, left alone. */
int todo_read(const struct layout *l, const struct rewrite *r, uint64_t id, struct todo_msg *m, struct err *e);
void todo_free(struct todo_msg *m);
/* Put the recipients back as they were announced: records of a mark (1, or a state of note.h: delivered), L or R, address, NUL.
 * The marks are appended to marks. */
void todo_restore(struct todo_msg *m, struct str records, struct buf *marks);
/* Remove leftovers of an earlier start: info, local, remote. */
int todo_unlink_old(const struct layout *l, uint64_t id, struct err *e);
/* Write info, local and remote without waiting for the disk.  done: per recipient '0', or '1' or
 * a state of note.h when its delivery has succeeded already; NULL none. */
int todo_write(const struct layout *l, struct todo_msg *m, const char *done, struct err *e);
/* Wait for the disk, set info's time to birth, close. */
int todo_sync(const struct layout *l, struct todo_msg *m, time_t birth, struct err *e);
/* conf-fsync and its sisters decide over the USE_ variables, once at the start. */
void todo_sync_settings(void);
/* The lines for the log; mode says how the message was found, as in qlog_rcpt. */
void todo_log(const struct todo_msg *m, const char *q, const char *mode, struct buf *log);
/* The announcement of a first attempt: J id birth length NUL, then F x e h L R records, y behind L or R. */
void todo_announce(const struct todo_msg *m, time_t birth, struct buf *out);

#endif
