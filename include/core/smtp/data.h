/* data - the body of a message on its way in: from SMTP's wire form to lines ending in LF.
 * Only CR LF ends a line and only CR LF . CR LF ends the message, whatever else is allowed, so that no
 * other server's idea of a line can smuggle a second message in (RFC 5321 sections 2.3.8 and 4.5.2). */
#ifndef CORE_SMTP_DATA_H
#define CORE_SMTP_DATA_H

#include <stdint.h>

#include "core/sys/in.h"

enum data_end {
	DATA_DONE,	/* the final dot was read */
	DATA_BARE_LF,	/* LF without CR before it: refuse and hang up */
	DATA_BARE_CR,	/* CR without LF behind it: the same */
	DATA_EOF,	/* the client went away */
	DATA_ERROR,	/* errno; ETIMEDOUT among others */
};

struct data {
	void (*put)(void *arg, const char *p, size_t n);	/* gets the text in large pieces */
	void *arg;
	bool allow_lf;		/* a bare LF is stored as a line end; it never ends the message */
	uint64_t limit;		/* bytes stored at most, 0 any number; the rest is read and dropped */
	uint64_t size;		/* result: bytes of the message, lines ending in LF */
	unsigned hops;		/* result: Received and Delivered lines in the header */
};

/* Read one message body up to its end.  size and hops are set whatever happens. */
enum data_end data_read(struct data *d, struct in *in);

#endif
