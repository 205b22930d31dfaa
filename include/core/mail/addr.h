/* addr - address lists of header fields: read any of the forms of RFC 822 and RFC 5322 section 3.4 (and 4.4,
 * the obsolete ones), hand every mailbox to the caller, write the list back quoted and folded.
 * Time and memory are linear in the input; nothing recurses. */
#ifndef CORE_MAIL_ADDR_H
#define CORE_MAIL_ADDR_H

#include "core/base/buf.h"
#include "core/base/err.h"

enum {
	ADDR_NESTING = 64,	/* levels of comments in comments */
	ADDR_COLUMNS = 78,	/* lines are folded before they grow longer */
};

/* One mailbox without any quoting: box@host, or box alone, or nothing (<>). */
struct addr {
	struct buf text;	/* never holds NUL, CR, LF */
	size_t at;		/* position of the '@' before the host; text.n when there is none */
};
#define ADDR_INIT {BUF_INIT, 0}
void addr_free(struct addr *a);

/* Called for every mailbox in order; may change it: the changed one is written. */
typedef void addr_each(void *ctx, struct addr *a);

/* Parse the list in value (the text of a field behind the colon, folded or not), call each for every
 * mailbox, and append the list as it should stand in a header to out, which ends in the "Name:" of the
 * field; no final newline.  Source routes, a final dot, and an '@' before or behind everything are dropped;
 * blanks where a comma should be become one.  -1: ERR_PERM with the reason, out is undefined. */
int addr_list(struct str value, addr_each *each, void *ctx, struct buf *out, struct err *e);

/* An address as programs pass it on the command line: the bare envelope form in which only the last '@'
 * means anything; <box@host> and "quoted box"@host are understood too.  -1: ERR_PERM, it has a byte that
 * no address can have, or nothing remains of it. */
int addr_word(struct str word, struct addr *a, struct err *e);

/* What is added to incomplete addresses. */
enum addr_default { ADDR_HOST, ADDR_DOMAIN, ADDR_PLUS };
/* The value, asked for only when it is needed; valid until the next call. */
typedef struct str addr_value(void *ctx, enum addr_default which);

/* Make the host whole: without one add ADDR_HOST; a final '+' becomes .ADDR_PLUS; a host without a dot gets
 * .ADDR_DOMAIN.  An empty address, box@[] and domain literals stay (queue-and-delivery section 22.1). */
void addr_complete(struct addr *a, addr_value *value, void *ctx);

/* Append a person's name as a phrase: as it is when it is made of atoms, else as a quoted string. */
void addr_phrase(struct buf *b, struct str name);
/* Append a text as a comment in parentheses. */
void addr_comment(struct buf *b, struct str text);
/* Append the address as headers write it. */
void addr_quote(struct buf *b, const struct addr *a);

#endif
