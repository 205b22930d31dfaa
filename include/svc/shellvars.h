/* shellvars - assignments in a text written for the shell, read without one. */
#ifndef SVC_SHELLVARS_H
#define SVC_SHELLVARS_H

#include "core/base/buf.h"

/* The value that NAME=value assigns last, plain, quoted, or after export.  1 and *value, 0 when there is no
 * such assignment, -1 when only a shell could tell the value (expansions, quotes that do not end).  Everything
 * that is no assignment is skipped to the end of its line. */
int shellvars_find(struct str text, const char *name, struct buf *value);

#endif
