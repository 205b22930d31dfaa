/* envdir - a directory of variables: each file is one (envdir(8), qmail-defaultqueue(5)).
 * First line, trailing blanks cut, NUL becomes newline; an empty file unsets.  Before the files:
 * .envfile (k=v lines) and .envdir (a directory, or a file listing directories), recursively,
 * no directory twice. */
#ifndef CORE_CONF_ENVDIR_H
#define CORE_CONF_ENVDIR_H

#include <stdbool.h>

#include "core/base/err.h"

/* Apply dir to the environment.  strict: an unreadable variable file is an error instead of skipped. */
int envdir_apply(const char *dir, bool strict, struct err *e);

/* What a queue client does once at start (queue-and-delivery section 3.1): ~/.defaultqueue, then
 * control/defaultqueue unless QUEUE_BASE is set.  prog is the traditional name.  A broken
 * ~/.defaultqueue fills *warn and changes nothing; a broken control/defaultqueue is the error. */
int envdir_defaultqueue(const char *prog, struct err *warn, struct err *e);

#endif
