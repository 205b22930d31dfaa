/* absent - control files known not to be there.  A process that serves one job after another would ask the kernel for the
 * same dozen missing files each time; it reads the names in CONTROLDIR once instead and asks only whether the
 * directory has changed. */
#ifndef CORE_CONF_ABSENT_H
#define CORE_CONF_ABSENT_H

#include <stdbool.h>

/* Is it certain that fn, a file directly in CONTROLDIR, is not there?  job is workers_job(): the directory is looked at
 * anew in every job, and every few milliseconds within one.  Before the second job of a process nothing is certain.
 * False says nothing: open the file.  errno stays. */
bool absent_file(const char *fn, unsigned job);

#endif
