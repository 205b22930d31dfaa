/* sqlaccess - access rules in a table of the database (network reference section 1.6). */
#ifndef VDOMAIN_SQLACCESS_H
#define VDOMAIN_SQLACCESS_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/net/ip.h"

/* Load the client library: 0; -1 with e, there are no SQL rules then. */
int sqlaccess_load(struct err *e);
/* What the table that file names (server:user:password:database:table) says about a client on a local port: its
 * variables are set; *per_ip too when MAXPERIP is among them.  1 allowed; 0 denied, and *rule is the one that says so;
 * -1 with e. */
int sqlaccess_ask(const char *file, const struct ip *ip, unsigned port, long *per_ip, struct buf *rule, struct err *e);
/* Whether a rule is meant for ip: "*", the address, four fields with *, ?, a-b and a-, or a host name with that address. */
bool sqlaccess_match(struct str rule, const struct ip *ip);

#endif
