/* loose - messages that are in the queue's journal and nowhere else.  Most messages are gone after their first attempt, so they
 * need no files in the queue: their number (numbers.h) and their record are enough.  One that is not gone soon gets
 * the files every message has, in mess and todo: when its first attempt has not ended it, when it gets old, when
 * the journal needs room, when whoever preprocesses the queue ends.
 *
 * dir is the queue's directory throughout. */
#ifndef QUEUE_LOOSE_H
#define QUEUE_LOOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"

/* Its envelope as in todo, its text as in mess, and the text's size; each may be NULL.  False: the message is not loose. */
bool loose_read(const char *dir, uint64_t id, struct buf *env, struct buf *body, uint64_t *size);
bool loose_has(const char *dir, uint64_t id);
/* Give it its files: 0, also when it is not loose; -1: it stays as it is. */
int loose_file(const char *dir, uint64_t id, struct err *e);
/* It is finished.  1: done; 0: it is not loose, perhaps it has files by now. */
int loose_done(const char *dir, uint64_t id);
/* The loose messages of the queue named q, complete ones. */
void loose_each(const char *dir, const char *q, void (*found)(uint64_t id));
/* Give all of them their files (q NULL: and those of other queues with the same journal); -1: some stay as they are. */
int loose_file_all(const char *dir, const char *q, struct err *e);

#endif
