/* plugins - the variables PLUGINn, which name shared objects that a service is to load. */
#ifndef CORE_CONF_PLUGINS_H
#define CORE_CONF_PLUGINS_H

#include "core/base/str.h"

/* The next file named, from *at (0 at the start) on, in no order; valid until the environment changes. */
bool plugins_next(size_t *at, struct str *file);

#endif
