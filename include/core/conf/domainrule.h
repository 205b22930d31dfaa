/* domainrule - control files that give a value by domain and way of delivery (spamfilter, filterargs, rejectspam,
 * spamredirect; queue-and-delivery section 27): lines "domain:value", "domain:local:value" or "domain:remote:value",
 * each perhaps with ":NAME=value,NAME2=" behind it for the environment. */
#ifndef CORE_CONF_DOMAINRULE_H
#define CORE_CONF_DOMAINRULE_H

#include "core/conf/control.h"

struct domainrule {
	struct str value;
	struct str env;		/* for rules_assign; empty: nothing */
};

/* The first line of l for this domain: its name, case ignored, or a pattern (pattern_match).  *r views l's text. */
bool domainrule_find(const struct list *l, struct str domain, bool remote, struct domainrule *r);

#endif
