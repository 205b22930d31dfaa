/* pidfile - a file with the number of the process that serves. */
#ifndef CORE_SYS_PIDFILE_H
#define CORE_SYS_PIDFILE_H

#include "core/base/err.h"

/* Write our number to fn.  -1 with e when another living process's is in it (" already running"), or it cannot be written. */
int pidfile_write(const char *fn, struct err *e);

#endif
