/* scandirs - the directories in which qscanq has messages scanned: "@TIME.PID.N", with one level of directories in it. */
#ifndef QUEUE_SCANDIRS_H
#define QUEUE_SCANDIRS_H

/* Remove such a directory with what is in it, two levels deep and no deeper; links are removed, not followed.
 * 0, or -1 with errno when something stays. */
int scandirs_remove(const char *dir);

#endif
