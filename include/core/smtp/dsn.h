/* dsn - what a sender wants to be told about his message (RFC 3461): RET and ENVID of MAIL, NOTIFY and ORCPT of
 * RCPT, as SMTP writes them.  The same text travels in the queue: x records hold the former, y records the latter. */
#ifndef CORE_SMTP_DSN_H
#define CORE_SMTP_DSN_H

#include "core/base/buf.h"

enum { DSN_NEVER = 1, DSN_SUCCESS = 2, DSN_FAILURE = 4, DSN_DELAY = 8 };
enum { DSN_ENVID_MAX = 100, DSN_ORCPT_MAX = 500 };	/* bytes as written, RFC 3461 section 4 */

struct dsn {
	char ret;		/* F the whole message, H its header, 0 not said */
	unsigned notify;	/* the bits above, 0 not said */
	struct str envid;	/* xtext, empty: not said */
	struct str orcpt;	/* type;xtext, empty: not said */
};

/* Take one parameter; the views stay those of value.  1 taken, 0 it is none of these, -1 it is malformed or was given
 * before. */
int dsn_mail_param(struct dsn *d, struct str name, struct str value);
int dsn_rcpt_param(struct dsn *d, struct str name, struct str value);
/* The words of an x or y record.  False: one is not a parameter of this kind; d then holds those that are. */
bool dsn_read(struct dsn *d, char letter, struct str text);
/* Append what d holds as words, nothing when it holds nothing.  Characters beyond ASCII become \x{HEX} (RFC 6533). */
void dsn_write(const struct dsn *d, struct buf *b);
/* What send says about the sender's wishes, in the environment of a delivery; what is malformed is left out. */
void dsn_environment(struct dsn *mail, struct dsn *rcpt);
/* Does the sender of a recipient with this y text (perhaps empty) want to hear of success, failure or delay? */
bool dsn_wants(struct str params, unsigned what);

/* Append a UTF-8 text with characters beyond ASCII as \x{HEX}, what is no UTF-8 as ?. */
void dsn_ascii(struct str s, struct buf *b);
/* Append any text as xtext: printable ASCII but + and =, the rest as +HEX. */
void dsn_xtext(struct str s, struct buf *b);
/* Append a decoded xtext, printable ASCII only. */
void dsn_plain(struct str xtext, struct buf *b);

#endif
