/* rules - envrules files: lines "pattern:VAR=value,VAR2=,..." that change the environment for one
 * sender or recipient (smtp-and-policy section 2.8).  All matching lines apply in order. */
#ifndef CORE_CONF_RULES_H
#define CORE_CONF_RULES_H

#include "core/base/err.h"
#include "core/conf/conf.h"

/* Apply the rules of a row (BOUNCERULES ...) to subject.  Returns the number of the last matching
 * line (from 1), 0 when none matched or there is no file, -1 on error. */
int rules_apply(enum conf_id id, struct str subject, struct err *e);
/* The same with the lines l of such a file, which were read before. */
int rules_apply_list(const struct list *l, struct str subject);
/* The lines l of a file such as domainqueue for the domain of one recipient, never as regular expressions. */
int rules_apply_domain(const struct list *l, struct str address);
/* One "VAR=value,VAR2=" list; "\," is a literal comma, an empty value unsets. */
void rules_assign(struct str list);

#endif
