/* offerstep - steps the three protocols of offer share.  Only room net uses this. */
#ifndef CORE_NET_OFFERSTEP_H
#define CORE_NET_OFFERSTEP_H

#include "core/net/offer.h"

enum {
	OFFER_GO = 10,		/* a step is done; every other value is the end of the watch */
	OFFER_LINE = 16384,	/* a longer line ends the watch: the program shall judge it */
	OFFER_ANSWER = 65536,	/* capabilities in bytes */
};

/* A line read is in o->line.  Each returns OFFER_GO, or what offer_run is to return. */
int offer_command(struct offer *o);			/* the client's next line; the program may speak first */
int offer_client_line(struct offer *o);			/* the same when it is the client's turn */
int offer_program_line(struct offer *o);		/* the program's next line in o->line */
int offer_to_program(struct offer *o);			/* o->line goes there */
int offer_to_client(struct offer *o);
int offer_say(struct offer *o, const char *text);	/* to the client */
int offer_bytes(struct offer *o, unsigned long long n);	/* n bytes of the client go to the program */
/* The end of plain text: text to the client; what it has sent ahead is dropped.  OFFER_TLS. */
int offer_begin(struct offer *o, const char *text);
int offer_more(struct offer *o);			/* the client's next bytes are in its buffer */

int offer_smtp(struct offer *o);
int offer_pop3(struct offer *o);
int offer_imap(struct offer *o);

/* The first word of o->line is this one, whatever its case. */
bool offer_verb(const struct offer *o, const char *verb);
/* What follows the first word, without line end. */
struct str offer_args(const struct offer *o);

#endif
