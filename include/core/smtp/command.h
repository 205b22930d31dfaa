/* command - SMTP command lines: verb, argument, the address in it and the parameters behind it. */
#ifndef CORE_SMTP_COMMAND_H
#define CORE_SMTP_COMMAND_H

#include "core/base/buf.h"

enum { ADDRESS_MAX = 900 };	/* bytes of an envelope address */

struct command {
	struct str verb, arg;
};

/* Split at the first blank; the line comes without its CRLF. */
struct command command_split(struct str line);

/* The address of "FROM:<box@host> PARAM=x": the text after the first "<" up to an unquoted ">"; without
 * "<" the text after the first ":" up to a blank.  A source route is dropped, quotes and backslashes are
 * resolved.  Returns false when there is none, when it is too long or holds a control byte or does not end;
 * else *addr is replaced (it may be empty: "<>") and *rest is what follows, starting with the parameters. */
bool command_address(struct str arg, struct buf *addr, struct str *rest);

/* The next parameter "NAME=value" of *rest; value.p is NULL without "=".  False when none is left. */
bool command_param(struct str *rest, struct str *name, struct str *value);

/* Undo xtext (RFC 3461 section 4): +3D becomes "=".  Appends to out; false when it is malformed. */
bool command_xtext(struct str s, struct buf *out);

#endif
