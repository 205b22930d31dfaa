/* wildmat - shell-style patterns: * ? [abc] [a-z] [^a-z] \x; the whole text must match
 * (smtp-and-policy section 2.3). */
#ifndef CORE_CONF_WILDMAT_H
#define CORE_CONF_WILDMAT_H

#include "core/base/str.h"

bool wildmat(struct str text, struct str pattern);

#endif
