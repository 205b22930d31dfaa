/* rewrite - is a recipient local or remote, and under which address?  (queue-and-delivery section 9.4) */
#ifndef QUEUE_REWRITE_H
#define QUEUE_REWRITE_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/conf/control.h"

struct rewrite {
	struct buf envnoathost;
	struct table locals, virtualdomains, percenthack;
};
#define REWRITE_INIT {BUF_INIT, TABLE_INIT, TABLE_INIT, TABLE_INIT}

/* Read the control files; on failure *r keeps what it had. */
int rewrite_load(struct rewrite *r, struct err *e);
/* percenthack is not re-read while running, the others are. */
int rewrite_reload(struct rewrite *r, struct err *e);
void rewrite_free(struct rewrite *r);
/* The address to deliver to replaces *out; true when it is remote. */
bool rewrite_rcpt(const struct rewrite *r, struct str rcpt, struct buf *out);
/* The recipient as the outside knows it: "prepend-" removed when its domain maps to that prepend. */
struct str rewrite_strip(const struct rewrite *r, struct str rcpt);

#endif
