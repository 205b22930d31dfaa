/* proctree - a process and all that descend from it, read from /proc. */
#ifndef SVC_PROCTREE_H
#define SVC_PROCTREE_H

#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

/* Append a line for root and each descendant: number, two blanks per generation, command. */
int proctree_text(pid_t root, struct buf *out, struct err *e);
/* Append the command line of a process, words apart by blanks, control bytes as "?"; -1 when it cannot be
 * told. */
int proctree_command(pid_t pid, struct buf *out);

#endif
