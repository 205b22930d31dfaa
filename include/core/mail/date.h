/* date - times as mail writes them. */
#ifndef CORE_MAIL_DATE_H
#define CORE_MAIL_DATE_H

#include <time.h>

#include "core/base/buf.h"

/* Append "Www, d Mon yyyy hh:mm:ss +hhmm" in local time (RFC 5322 section 3.3), no newline. */
void date_rfc822(struct buf *b, time_t t);
/* The same without the day of the week. */
void date_local(struct buf *b, time_t t);
/* Append "d Mon yyyy hh:mm:ss" in UTC, as qread shows it before " GMT". */
void date_utc(struct buf *b, time_t t);
/* Append the 24 characters of asctime in UTC, "Www Mon dd hh:mm:ss yyyy" with a zero-padded day: From_ lines. */
void date_asctime(struct buf *b, time_t t);
/* Append "yyyymmddhhmmss" in UTC, for message ids. */
void date_compact(struct buf *b, time_t t);

#endif
