/* through - become a program whose standard input and output pass through a function of ours. */
#ifndef CORE_APP_THROUGH_H
#define CORE_APP_THROUGH_H

#include "core/base/buf.h"

/* This process becomes argv as run_chain does, so that its number and exit code are the program's; a child
 * moves the bytes between our descriptors 0 and 1 and the program's.  change sees those the program reads
 * with in as its first argument, those it writes with out, and appends what goes on.  Bytes on their way when
 * the program ends still arrive. */
void through_run(char *const argv[], void (*change)(void *arg, struct str bytes, bool last, struct buf *on),
	void *in, void *out) __attribute__((noreturn));

#endif
