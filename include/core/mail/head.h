/* head - the header of a message: where it ends, which fields it has (RFC 5322 section 2.2).
 * A header line begins with a blank or tab (it continues the field above) or holds a colon; the first other
 * line ends the header: empty (with or without CR) it is the separator, else it is the body's first line. */
#ifndef CORE_MAIL_HEAD_H
#define CORE_MAIL_HEAD_H

#include "core/base/buf.h"
#include "core/base/err.h"

/* Finding the end while the text still grows. */
struct head_scan {
	size_t line;	/* where the line looked at begins; at the end: where the header ends */
	size_t seen;	/* no line end in [line, seen) */
};
/* Look at what text has (all of it each time, as it grows); end: nothing more will come.  True: the header
 * is text[..h->line]. */
bool head_scan(struct head_scan *h, struct str text, bool end);
/* The length of the separator line at the start of body: 0 when there is none. */
size_t head_separator(struct str body);

/* Read a message from fd until its header is complete, or max bytes and a little more: 0, and text[..*end] is the header,
 * what follows it has been read, too; -1 with errno. */
int head_read(int fd, size_t max, struct buf *text, size_t *end);

struct head_field {
	struct str all;		/* its lines with their ends */
	struct str name;	/* without blanks */
	struct str value;	/* behind the colon, continuation lines and line ends included */
};
/* The next field of *rest, which must hold header lines only: 1, 0 at the end, -1 (ERR_PERM) when the name is
 * empty or has anything but printable ASCII. */
int head_next(struct str *rest, struct head_field *f, struct err *e);

#endif
