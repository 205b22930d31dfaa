/* syslog - datagrams to the system logger (RFC 3164 as local loggers read it). */
#ifndef CORE_SYS_SYSLOG_H
#define CORE_SYS_SYSLOG_H

#include "core/base/str.h"

enum { SYSLOG_ALERT = 1, SYSLOG_WARNING = 4, SYSLOG_INFO = 6, SYSLOG_MAIL = 2 };

/* A socket to the logger at path; -1 with errno. */
int syslog_open(const char *path);
/* One message: facility number, severity, tag and text, stamped with the local time.  0 or -1 with errno. */
int syslog_send(int fd, int facility, int severity, const char *tag, struct str text);

#endif
