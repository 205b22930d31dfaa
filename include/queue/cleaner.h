/* cleaner - what clean does, for a queue in the current directory (section 11): removes finished messages, sweeps pid and
 * keeps the queue's journal.  qmta-send does it in its own process. */
#ifndef QUEUE_CLEANER_H
#define QUEUE_CLEANER_H

#include <sys/types.h>

#include "core/base/str.h"

enum { CLEANER_SWEEP_EVERY = 31 };	/* requests between two cleaner_sweep */

void cleaner_open(void);
/* The answer to a request (without the NUL behind it): + done, ! failed, x unintelligible. */
char cleaner_answer(struct str request);
/* Remove pid files nobody has touched for OSSIFIED seconds: their writers are dead. */
void cleaner_sweep(void);
/* Fork a child that looks after the journal until TERM or our end, when it is the queue's own.  Its pid, 0: no journal to
 * look after, -1 with errno. */
pid_t cleaner_keep(const char *name);
/* Let that child end after a last round, and wait for it. */
void cleaner_end_keep(pid_t keeper);

#endif
