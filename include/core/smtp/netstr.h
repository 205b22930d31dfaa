/* netstr - netstrings as a server reads them, from clients that may send anything: "5:hello,".  Long ones are passed on
 * piece by piece, nothing is kept; one that stands within another may not leave it.  After a failure the connection is of no use:
 * netstr.code says how the program ends (queue-and-delivery section 23). */
#ifndef CORE_SMTP_NETSTR_H
#define CORE_SMTP_NETSTR_H

#include <stdint.h>

#include "core/sys/in.h"

enum {
	NETSTR_MAX = 200000000,		/* bytes of one netstring */
	NETSTR_CLOSED = 0,		/* the client is gone */
	NETSTR_BAD = 100,		/* that is no netstring */
	NETSTR_TROUBLE = 111,		/* one too long, or no time left */
};

struct netstr {
	struct in *in;
	long long deadline_ms;	/* by clock_mono_ms; 0: there is all the time in the world */
	uint64_t left;		/* bytes of the netstring we are in */
	int code;		/* after a failure */
};

/* Begin outside of any netstring, with this much time for the whole connection (-1: any). */
void netstr_init(struct netstr *r, struct in *in, long patience_ms);
/* The milliseconds that remain, -1: any. */
int netstr_patience(const struct netstr *r);
/* The following return false on failure.  A length and its colon: */
bool netstr_length(struct netstr *r, uint64_t *n);
/* One byte. */
bool netstr_byte(struct netstr *r, char *c);
/* n bytes, handed to put (NULL: dropped) in pieces. */
bool netstr_pass(struct netstr *r, uint64_t n, void (*put)(void *arg, struct str piece), void *arg);
/* The comma behind. */
bool netstr_comma(struct netstr *r);
/* A whole netstring into b (replaced).  *fits: it is shorter than max bytes and has no NUL; otherwise b is empty. */
bool netstr_text(struct netstr *r, struct buf *b, size_t max, bool *fits);
/* Always false. */
bool netstr_fail(struct netstr *r, int code);

#endif
