/* transmit - one message to one host, in SMTP or QMTP, told as remote's report
 * (queue-and-delivery sections 16.2, 16.5, 16.8): one part per recipient, then one for the message,
 * each ended by a NUL; r h s for recipients, K Z D for the message. */
#ifndef QUEUE_TRANSMIT_H
#define QUEUE_TRANSMIT_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/net/ip.h"
#include "queue/outtls.h"

/* The end of the report of a success whose sender wants to hear of it, when whoever has the message now has taken that over: the
 * host, or for a forward our queue. */
#define TRANSMIT_TAKEN_OVER "Reports of delivery come from there."

struct transmit {
	struct str sender;
	const struct str *rcpts;	/* as the peer shall see them */
	size_t n;
	struct str mail_params, rcpt_params;	/* words for MAIL and each RCPT where DSN is offered, see core/smtp/dsn.h */
	struct str head;	/* lines put before the message */
	int mess;		/* the message, read from where it stands */
	uint64_t size;		/* announced in SMTP */
	bool utf8_headers;	/* ask for SMTPUTF8 when only the header needs it */
	bool helo_next;		/* a temporary refusal of HELO leads to the next host */
	int timeout_ms;
	struct outtls tls;	/* for this host */
	struct str host;	/* its name, or its address */
	struct buf key;		/* all that a connection depends on; empty: it is not kept */

	char ip[IP_TEXT];	/* the peer */
	bool qmtp;		/* spoken last */
	bool secured;		/* in TLS */
	bool bad_greeting;	/* with TRANSMIT_NEXT: the host counts as not answering */
	struct buf report;	/* finished parts */
	/* the message part, for scripts: its letter, the last code and what the peer or we said */
	char letter;
	int code;
	struct buf text;
};

enum transmit_end {
	TRANSMIT_DONE,	/* the report is complete */
	TRANSMIT_NEXT,	/* nothing was sent: try another host; letter and text say why this one failed */
	TRANSMIT_PLAIN,	/* TLS failed that need not be: try this host again without */
};

/* fd is connected to the host of t->ip; it is closed, or kept for transmit_again. */
enum transmit_end transmit_smtp(struct transmit *t, int fd, struct str helo);
/* The same in QMTP; fd stays open. */
enum transmit_end transmit_qmtp(struct transmit *t, int fd);
/* The connection a worker has kept since its last delivery, if there is one with t->key and it still works: the
 * message goes there and the report is complete.  false: nothing was sent. */
bool transmit_again(struct transmit *t);
bool transmit_kept(void);	/* there is one */
void transmit_drop(void);	/* end it */
/* The message part: letter and text; closes the report. */
void transmit_end(struct transmit *t, char letter, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Close the report with the reason the last TRANSMIT_NEXT left. */
void transmit_give_up(struct transmit *t);
void transmit_free(struct transmit *t);

/* rspawn's part (section 12.5): what remote said, and its wait status, become the report to send for recipient i. */
void transmit_summary(int status, struct str said, size_t i, struct buf *report);

#endif
