/* offer - offer TLS for a program that knows none: watch a conversation in SMTP, POP3 or IMAP (RFC 3207,
 * 2595, 9051), add what clients look for to the program's capabilities, and take the command that begins TLS
 * away from it. One command is passed on at a time and its answer awaited, so a line of a message, a literal
 * or a secret is never taken for a command, whatever the client sends ahead. */
#ifndef CORE_NET_OFFER_H
#define CORE_NET_OFFER_H

#include "core/net/starttls.h"
#include "core/sys/in.h"
#include "core/sys/out.h"

struct offer {
	struct in client, program;	/* what they say; timeouts are the caller's */
	struct out to_client, to_program;
	/* the rest is offer's own */
	struct buf line, answer;
	bool mail;	/* SMTP: a message may have been begun */
};

enum {
	OFFER_TLS,	/* the client has been told to begin; what it sent ahead in plain text is gone */
	OFFER_RAW,	/* nothing more to watch: pass on what the buffers hold, then everything */
	OFFER_OVER,	/* the program has said its last word */
};

/* Descriptors: the client's, the program's output and input. */
void offer_init(struct offer *o, int from_client, int to_client, int from_program, int to_program,
	int timeout_ms);
void offer_free(struct offer *o);
/* OFFER_..., or -1 with errno: ETIMEDOUT among the reasons. */
int offer_run(struct offer *o, enum starttls kind);
/* Pass on what the buffers still hold, in both directions: 0 or -1. */
int offer_flush(struct offer *o);

#endif
