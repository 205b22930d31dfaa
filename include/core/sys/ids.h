/* ids - become another user by words from a command line. */
#ifndef CORE_SYS_IDS_H
#define CORE_SYS_IDS_H

#include "core/base/err.h"

/* Become user and groups for ever; either may be NULL.  user is a number (0 stays who we are), or a name: then with its
 * group and supplementary groups.  groups is a list of names and numbers with commas between them, added to those; without
 * a named user the first one becomes the group. */
int ids_take(const char *user, const char *groups, struct err *e);

#endif
