/* refresh - the command that made a service, saved in its directory of variables as .options (minisvc(8)). */
#ifndef SVC_REFRESH_H
#define SVC_REFRESH_H

#include "core/base/buf.h"
#include "core/base/err.h"

enum refresh {
	REFRESH_RUN,		/* the command is there */
	REFRESH_MARKED,		/* it is not to be run */
	REFRESH_MISSING,	/* there is none */
};

/* Read the command of dir into *text, one line; a mark counts unless force.  -1: unreadable, or somebody else than
 * its owner and root could have written it. */
int refresh_read(const char *dir, bool force, struct buf *text, struct err *e);
/* Mark dir as never to be refreshed, or remove the mark. */
int refresh_mark(const char *dir, bool never, struct err *e);

#endif
