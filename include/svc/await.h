/* await - a service that waits for another one: the file "wait", seconds on its first line, the other service on its
 * second: NAME or ../NAME beside it, or an absolute path (supervise(8)). */
#ifndef SVC_AWAIT_H
#define SVC_AWAIT_H

#include <stdbool.h>

#include "core/base/buf.h"

/* Read the file wait of a service in scandir: true when there is something to wait for, with the seconds to sleep once
 * it is up and the other's directory. */
bool await_read(const char *file, const char *scandir, long *seconds, struct buf *other);
/* Is it up?  What does not exist is not waited for. */
bool await_up(const char *other);

#endif
