/* plugin - load a shared object and call one function of it.  Only in dynamic builds with -Dplugins=true. */
#ifndef CORE_SYS_PLUGIN_H
#define CORE_SYS_PLUGIN_H

#include "core/base/err.h"

/* Call symbol() of the object fn; it stays loaded.  A missing file is fine.  An object that cannot be
 * loaded, lacks the symbol, or whose function returns non-zero is an error. */
int plugin_run(const char *fn, const char *symbol, struct err *e);

/* Call symbol(file): what the function returns, 0 to 255, or -1; a missing object is an error, as are plugins in a build
 * without them. */
int plugin_ask(const char *fn, const char *symbol, const char *file, struct err *e);

#endif
