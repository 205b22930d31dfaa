/* envdir - a directory of variables: each file is one (envdir(8), qmail-defaultqueue(5)).  First line of
 * the first 256 bytes, trailing blanks cut, NUL becomes newline; an empty file unsets.  Before the files:
 * .envfile (k=v lines) and .envdir (a directory, or a file listing directories), recursively, no directory
 * twice.  All or nothing: after an error the environment is what it was. */
#ifndef CORE_CONF_ENVDIR_H
#define CORE_CONF_ENVDIR_H

#include <stdbool.h>

#include "core/base/err.h"

enum {
	ENVDIR_SKIP = 1,	/* leave out variable files (and .envfile) that cannot be read */
	ENVDIR_CLEAR = 2,	/* begin with an empty environment */
};

/* Apply dir to the environment of this process.  Errors are temporary, such as
 * "unable to open environment file: d/X". */
int envdir_load(const char *dir, unsigned flags, struct err *e);
/* The same; strict: an unreadable variable file is an error instead of skipped. */
int envdir_apply(const char *dir, bool strict, struct err *e);

/* What a queue client does once at start (queue-and-delivery section 3.1): ~/.defaultqueue, then
 * control/defaultqueue unless QUEUE_BASE is set.  prog is the traditional name.  A broken
 * ~/.defaultqueue fills *warn and changes nothing; a broken control/defaultqueue is the error. */
int envdir_defaultqueue(const char *prog, struct err *warn, struct err *e);

#endif
