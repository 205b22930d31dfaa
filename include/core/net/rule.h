/* rule - one line of an access rules file and the record it becomes (network reference section 2):
 *	ADDRESS:allow,VAR="value",!VAR2
 * Pure text: nothing here reads files or changes the environment. */
#ifndef CORE_NET_RULE_H
#define CORE_NET_RULE_H

#include "core/base/buf.h"
#include "core/net/ip.h"

enum rule_line {
	RULE_NONE,	/* a comment or nothing */
	RULE_OK,
	RULE_NO_COLON,	/* words without a colon */
	RULE_BAD,	/* anything else that is no rule */
	RULE_FAILED,	/* add did not want to go on */
};

/* Read one line (its end may hold blanks and a newline) and call add for each key its address stands for, at
 * most 256: in lower case, addresses as the search will write them.  data is the record.  add returns 0, or -1
 * to stop. */
enum rule_line rule_parse(struct str line, int (*add)(void *ctx, struct str key, struct str data), void *ctx);

/* The key of all the bits of an address, of which the first n + 1 bytes are the key of its network of n bits
 * ("_" and 32 characters for IPv4, "^" and 128 for IPv6); *key is replaced. */
void rule_network_key(struct buf *key, const struct ip *ip);
/* IPv6 as eight groups of four digits; *text is replaced. */
void rule_expanded(struct buf *text, const struct ip *ip);

/* An item of a record. */
struct rule_item {
	char kind;		/* 'D' deny, '+' set, '-' unset */
	struct str name, value;
};
/* Cut the next item off *data; false at the end.  Whatever is not understood is passed over. */
bool rule_item(struct str *data, struct rule_item *item);

#endif
