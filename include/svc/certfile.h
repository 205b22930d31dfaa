/* certfile - the certificate of a mail system in its directory (minisvc(8) --config=cert). */
#ifndef SVC_CERTFILE_H
#define SVC_CERTFILE_H

#include <stdbool.h>

#include "core/base/err.h"

/* Write servercert.pem, a new key and a certificate of host for days, mode 0640, group qcerts where root does it and
 * there is that group; and the link clientcert.pem.  An existing one is replaced only with force. */
int certfile_make(const char *dir, const char *host, long days, bool force, struct err *e);

#endif
