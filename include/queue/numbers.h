/* numbers - message numbers taken before there is a message: a message that lives in the journal only (loose.h) has the number
 * of an empty file kept for it, pid/loose.NUMBER, so that no other message can have it.  Finished messages' files become
 * such files.  The free numbers lie in common memory, steer/numbers: taking and giving back costs no system call.
 *
 * They are there only while somebody preprocesses the queue who can read its journal. */
#ifndef QUEUE_NUMBERS_H
#define QUEUE_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"

/* Whoever preprocesses the queue of the current directory takes loose messages from now on, or no more. */
bool numbers_open(void);
void numbers_close(void);

bool numbers_taken(const char *dir);	/* somebody does */
/* A free number of queue dir, 0: none, or nobody takes loose messages. */
uint64_t numbers_take(const char *dir);
/* It is free again. */
void numbers_give(const char *dir, uint64_t number);
/* The file fn of a finished message in the current directory's queue becomes the one of its number; false: left alone. */
bool numbers_park(const char *fn, uint64_t number);
bool numbers_free(uint64_t number);	/* of the current directory's queue */

/* Append the name of a number's file, relative to the queue. */
void numbers_file(uint64_t number, struct buf *fn);
/* The number of a file in pid, 0: it is none of these. */
uint64_t numbers_of(const char *name);

#endif
