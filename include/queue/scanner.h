/* scanner - the virus scanner that looks at every message on its way into the queue (QHPSI, queue-and-delivery section
 * 6.5).  It is run by the applet qhpsi, in a child. */
#ifndef QUEUE_SCANNER_H
#define QUEUE_SCANNER_H

#include "core/base/err.h"

enum scanner_verdict {
	SCANNER_NONE,		/* no scanner is set, or none for a message of this size */
	SCANNER_CLEAN,
	SCANNER_INFECTED,
};

/* Ask about the message in the file mess, open as fd.  -1: no verdict, code 77. */
int scanner_ask(const char *mess, int fd, enum scanner_verdict *v, struct err *e);

#endif
