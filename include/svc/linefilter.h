/* linefilter - copy descriptor 0 to descriptor 1 and change how lines begin: the frame of tai64n and its
 * relatives.  Lines may have any length and hold any byte; a last line without newline stays one.  What
 * has been read is written before the filter waits for more, so that it can stand behind tail -f. */
#ifndef SVC_LINEFILTER_H
#define SVC_LINEFILTER_H

#include "core/base/err.h"
#include "core/base/str.h"
#include "core/sys/out.h"

enum { LINEFILTER_LOOK = 64 };	/* so much of a line can be looked at */

/* Sees how a line begins (its newline never), writes something to out and returns how many bytes of start
 * that replaces; -1: it wants to see more, allowed unless whole. */
typedef ssize_t linefilter_begin(void *arg, struct str start, bool whole, struct out *out);

/* Filter to the end of input: 0, or -1 with one of these exit codes in e. */
int linefilter_run(linefilter_begin *begin, void *arg, int read_code, int write_code, struct err *e);

#endif
