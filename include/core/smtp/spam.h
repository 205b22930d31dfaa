/* spam - what programs in front of a spam filter have to do: senders whose mail it need not see (spamignore), and a line
 * about each message it has seen for LOGFILTER, with the remark the filter makes on descriptor LOGFD. */
#ifndef CORE_SMTP_SPAM_H
#define CORE_SMTP_SPAM_H

#include "core/base/buf.h"
#include "core/base/err.h"

/* Whether spamignore or spamignorepatterns name the sender: 1, 0, -1. */
int spam_exempt(struct str sender, struct err *e);

/* Whether LOGFILTER names a file: absolute, anything else is ignored. */
bool spam_logs(void);
/* A new temporary file for the remark; *logfd is the number it shall have for the filter.  -1 with e. */
int spam_log_open(int *logfd, struct err *e);
/* The first line in that file, which is closed: at most 500 bytes, fit for a log. */
void spam_log_remark(int fd, struct buf *remark);
/* Write "PROGRAM: pid N MAIL from <S> RCPT <R> Size: N REMARK"; a FIFO that nobody reads, or that is full, is left alone. */
void spam_log(const char *program, long pid, struct str sender, struct str rcpt, unsigned long long size,
	struct str remark);

#endif
