/* reply - what an SMTP server answers.  The texts carry their enhanced code at the end, "(#5.1.3)";
 * for clients that were promised ENHANCEDSTATUSCODES (RFC 2034) the same code is repeated right
 * after the number, so that both kinds of readers find it where they look. */
#ifndef CORE_SMTP_REPLY_H
#define CORE_SMTP_REPLY_H

#include "core/sys/out.h"

struct reply {
	struct out *out;
	bool enhanced;	/* put the code after the number, too */
};

/* One reply of one line.  Without "(#x.y.z)" in the text the code is fallback, or x.0.0 by the number's
 * class when fallback is NULL.  CR, LF and other control bytes of the text become "?". */
void reply_line(struct reply *r, int number, const char *fallback, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* One line of a longer reply; last: the final one.  Never carries an enhanced code (RFC 2034 section 4
 * exempts the greeting and the answers to HELO and EHLO). */
void reply_part(struct reply *r, int number, bool last, struct str text);
/* A queue client's verdict, "Dtext" or "Ztext": 554 or 451. */
void reply_queue(struct reply *r, const char *why);
/* The code in "text (#x.y.z)" when it fits the class of number; empty when there is none. */
struct str reply_code(int number, struct str text);

#endif
