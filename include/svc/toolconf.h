/* toolconf - SYSCONFDIR/svctool.cnf, settings and passwords of administration, and TMPDIR which it may set
 * (minisvc(8)). */
#ifndef SVC_TOOLCONF_H
#define SVC_TOOLCONF_H

#include "svc/admin.h"

/* Root gives the file, where it is one, to root with mode 0400. */
int toolconf_protect(const struct admin *a, struct err *e);
/* TMPDIR for the programs we run: from the file, else from the environment, else root has /tmp/minisvc, which
 * must be root's alone.  Made with mode 0700 when missing. */
int toolconf_tmpdir(const struct admin *a, struct err *e);

#endif
