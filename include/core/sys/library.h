/* library - shared libraries that are loaded when they are needed: dynamic builds only. */
#ifndef CORE_SYS_LIBRARY_H
#define CORE_SYS_LIBRARY_H

#include "core/base/err.h"

/* Load a library by file or by name; NULL with e: there is none, or this build cannot.  It stays for good. */
void *library_open(const char *name, struct err *e);
/* A function of it; NULL with e. */
void *library_find(void *library, const char *symbol, struct err *e);

#endif
