/* letter - the text of what goes back to a sender (section 18.3): a bounce people and list managers read (QSBMF),
 * the same with the original as a MIME part, or a report of RFC 3462 when the sender set delivery status parameters. */
#ifndef QUEUE_LETTER_H
#define QUEUE_LETTER_H

#include <stdint.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "queue/outcome.h"

struct client;

/* Control files; the defaults are those of the table. */
struct bounce_conf {
	struct buf from, host, subject, dsubject, to, dhost, me;
	struct buf message, dmessage;	/* replacements of the first paragraph; empty none */
	long maxbytes;
	long mime;			/* bounces are MIME messages */
};

enum letter_kind { LETTER_BOUNCE, LETTER_DOUBLE, LETTER_DELAYED, LETTER_SUCCESS };

struct letter {
	const struct bounce_conf *conf;
	enum letter_kind kind;
	struct str to;			/* who gets it */
	/* the original */
	uint64_t id;
	time_t birth, expires;
	const char *mess;		/* its file */
	struct str sender;		/* cleaned */
	struct str paragraphs;		/* of the bounce file, or like them */
	struct str last;		/* the most recent failure, <address> */
	/* a report: LETTER_DELAYED and LETTER_SUCCESS always are */
	bool report;
	struct str params;		/* of the x record */
	const struct outcome *outcomes;
	size_t n;
};

/* Give its text to an open client.  -1: the original cannot be read. */
int letter_compose(struct client *c, const struct letter *l);

#endif
