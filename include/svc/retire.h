/* retire - take a service out of use and back: a dot before its name keeps svscan from starting it
 * (minisvc(8)). */
#ifndef SVC_RETIRE_H
#define SVC_RETIRE_H

#include "core/base/buf.h"
#include "core/base/err.h"

/* DIR/NAME -> directory and name, without slashes at the end; false when there is no usable name. */
bool retire_split(struct str path, struct buf *dir, struct buf *name);
/* Rename a supervised service NAME to .NAME, in the run directory as well, and stop it: 0 or -1. */
int retire_service(const char *dir, const char *name, struct err *e);
/* Rename .NAME to NAME again, drop what is left of its old state, and let svscan look: 0 or -1. */
int retire_undo(const char *dir, const char *name, struct err *e);

#endif
