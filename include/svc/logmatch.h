/* logmatch - the patterns of multilog: stars and other bytes, against a whole line (multilog(8)). */
#ifndef SVC_LOGMATCH_H
#define SVC_LOGMATCH_H

#include "core/base/str.h"

/* A star at the end matches whatever is left.  A star before a character matches the bytes up to the next one that
 * equals it, so never any that does; there is no second try, and the time is that of reading the line once. */
bool logmatch(const char *pattern, struct str line);

#endif
