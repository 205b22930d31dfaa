/* known - small control files whose content is known.  A process that serves one job after another reads the same few in
 * each; it asks the kernel instead whether they have changed. */
#ifndef CORE_CONF_KNOWN_H
#define CORE_CONF_KNOWN_H

#include "core/base/buf.h"

/* file_slurp of a control file, at most max bytes.  job is workers_job(): before the second job of a process every
 * file is read, later each is looked at once a job, and every few milliseconds within one.  Relative names are
 * always read. */
int known_slurp(const char *fn, unsigned job, struct buf *text, size_t max);

#endif
