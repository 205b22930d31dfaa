/* front - what stands in for the queue program (QMAILQUEUE): the message comes on descriptor 0, then the
 * envelope on 1, and exit codes are those of core/base/exit.def.  Everything here ends the process with such
 * a code, after a line on descriptor 2, when it cannot do its work; nothing is queued then. */
#ifndef CORE_APP_FRONT_H
#define CORE_APP_FRONT_H

#include <stdbool.h>

#include "core/base/buf.h"

enum { FRONT_ADDRESS_MAX = 1003 };	/* an address of so many bytes is too long for the queue */

/* Trouble of our own is told the client as "ZPROGRAM: text (#4.3.0)" on ERROR_FD with exit 88, in place of
 * the codes named below (52, 53 and 54 stay).  Unset: a line on descriptor 2 and the code. */
extern bool front_custom;
void front_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));

/* From now on the work may take DEATH seconds, then exit 52; exhausted memory is 51. */
void front_start(void);
/* A new temporary file in TMPDIR, without a name; 68. */
int front_temp(void);
/* All of descriptor fd, what names it in messages, as such a file at its start; 53, 54, 68. */
int front_spool(int fd, const char *what);
/* The message as a file: descriptor 0 itself, duplicated, when it is one already and at its start. */
int front_message(void);
void front_rewind(int fd);
/* Bytes in a file. */
unsigned long long front_size(int fd);
/* Run a filter with fds[i] on its descriptor i, ERROR_FD and (with LOGFILTER) LOGFD as they are, FILTERARGS and
 * SPAMFILTER unset; file, when not NULL, is run in place of argv[0].  Its exit code (120: there is no such program),
 * -1 when it crashed; 121. */
int front_run(const char *file, char *const argv[], const int *fds, int n);
/* The message shall be what the file holds. */
void front_replace(int fd);

struct front_envelope {
	struct buf sender;
	struct buf rcpts;	/* each followed by a newline, as many as there is room for in a variable */
	unsigned long count;	/* of all recipients */
};
/* Read an envelope from fd: 0; else why it is none: 11 an address is too long, 54 it ends too early, 79
 * another format. */
int front_envelope(int fd, struct front_envelope *v);
void front_envelope_free(struct front_envelope *v);

/* The message has been thrown away on purpose: exit 0 once the client has handed in all of it, with 11, 54
 * or 79 when it does not. */
void front_discard(void) __attribute__((noreturn));
/* Become the next queue program, which has its own idea of how long it may take. */
void front_next(char *const argv[]) __attribute__((noreturn));

#endif
