/* plugin - load a shared object and call one function of it.  Only in dynamic builds with -Dplugins=true. */
#ifndef CORE_SYS_PLUGIN_H
#define CORE_SYS_PLUGIN_H

#include "core/base/err.h"

/* Call symbol() of the object fn; it stays loaded.  A missing file is fine.  An object that cannot be
 * loaded, lacks the symbol, or whose function returns non-zero is an error. */
int plugin_run(const char *fn, const char *symbol, struct err *e);

#endif
