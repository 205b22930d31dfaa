/* simple - clients of the simplest services (network reference section 7): connect, say one thing, take what
 * comes back. */
#ifndef CORE_NET_SIMPLE_H
#define CORE_NET_SIMPLE_H

#include "core/base/buf.h"
#include "core/base/err.h"

/* Send request, its lines with a CR more, to port of host and write the answer to descriptor to, without the
 * CRs of its line ends and as show changes it; state is show's.  0, or -1 with e. */
int simple_ask(const char *host, const char *port, struct str request, int to,
	void (*show)(void *state, struct str text, struct buf *out), void *state, struct err *e);
/* Two ways to show: control bytes made visible (no state); what follows the first empty line (state: a zero
 * int). */
void simple_visible(void *state, struct str text, struct buf *out);
void simple_body(void *state, struct str text, struct buf *out);

#endif
