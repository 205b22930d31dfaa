/* pattern - does a text match a configured pattern?  QREGEX non-zero: POSIX extended regular
 * expression, case ignored, unanchored; USE_FNMATCH set: fnmatch(3) with path rules, case ignored;
 * otherwise wildmat (smtp-and-policy sections 2.2, 2.3, 2.8). */
#ifndef CORE_CONF_PATTERN_H
#define CORE_CONF_PATTERN_H

#include "core/base/str.h"

/* A pattern that is no valid regular expression matches nothing. */
bool pattern_match(struct str text, struct str pattern);
/* The same without QREGEX: where patterns are never regular expressions. */
bool pattern_match_shell(struct str text, struct str pattern);
/* The two steps of pattern_match for those with many patterns: whether QREGEX asks for expressions, and one of them. */
bool pattern_regex(void);
bool pattern_match_regex(struct str text, struct str pattern);

#endif
