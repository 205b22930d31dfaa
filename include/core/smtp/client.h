/* client - the sending side of SMTP (RFC 5321, 1870, 2920, 6152, 6531): one connection, any number of
 * messages.  Reads and writes through struct in and out, so that TLS or a test can stand behind them.
 * Replies are bounded in bytes, lines and time. */
#ifndef CORE_SMTP_CLIENT_H
#define CORE_SMTP_CLIENT_H

#include <stdint.h>

#include "core/sys/in.h"
#include "core/sys/out.h"

enum {
	SMTPC_ESMTP = 1, SMTPC_PIPELINING = 2, SMTPC_SIZE = 4, SMTPC_8BITMIME = 8, SMTPC_SMTPUTF8 = 16,
	SMTPC_STARTTLS = 32, SMTPC_AUTH = 64, SMTPC_DSN = 128, SMTPC_REQUIRETLS = 256,
	SMTPC_CHUNKING = 512,
};

struct smtpc {
	struct in in;
	struct out out;
	int timeout_ms;		/* for a whole reply, and for each write */
	unsigned ext;		/* what EHLO offered */
	uint64_t size_max;	/* value of SIZE, 0 unknown */
	struct buf auth;	/* words of AUTH, blank separated */
	int code;		/* of the last reply, 0: none or not SMTP */
	struct buf text;	/* its lines, each ended by a newline; no NUL, no CR */
	bool dot_sent;		/* the message is complete: losing the connection now may duplicate it */
	char in_space[4096], out_space[16384];
};

void smtpc_init(struct smtpc *c, int fd, int timeout_ms);
void smtpc_free(struct smtpc *c);	/* not the descriptor */

/* Read one reply: its code, or -1 with errno: ECONNRESET closed, ETIMEDOUT, EPROTO no SMTP, EMSGSIZE. */
int smtpc_reply(struct smtpc *c);
/* Send a line (without CR LF) and read the reply. */
int smtpc_command(struct smtpc *c, struct str line);
/* EHLO, and HELO when the server knows no EHLO (code 500 and above); fills ext. */
int smtpc_hello(struct smtpc *c, struct str name);
/* Say QUIT and do not wait. */
void smtpc_quit(struct smtpc *c);

/* Whether an envelope address can be sent at all: no control bytes, sane host part. */
bool smtpc_address_valid(struct str addr);

struct smtpc_mail {
	struct str sender;
	const struct str *rcpts;
	size_t n;
	uint64_t size;		/* announced when the server offers SIZE, 0 unknown */
	bool eightbit;		/* the body has bytes above 127 */
	bool utf8;		/* addresses or header need SMTPUTF8 */
	struct str mail_params, rcpt_params;	/* words for MAIL and each RCPT when the server offers DSN (RFC 3461) */
	struct str head;	/* lines put before the message; LF line ends */
	struct in *body;	/* the message with LF line ends */
	/* Called for each recipient in order with the server's answer (code, text). */
	void (*rcpt)(size_t i, int code, struct str text, void *arg);
	void *arg;
};

enum smtpc_end {
	SMTPC_ACCEPTED,
	SMTPC_SENDER,		/* MAIL refused: code, text */
	SMTPC_NOBODY,		/* no recipient accepted */
	SMTPC_DATA,		/* DATA refused: code, text */
	SMTPC_MESSAGE,		/* refused after the final dot: code, text */
	SMTPC_LOST,		/* connection: errno as from smtpc_reply or the failed write */
	SMTPC_PARTIAL,		/* the last line has no newline; the connection must be dropped */
	SMTPC_UNREADABLE,	/* body: errno; the connection must be dropped */
};
/* One transaction.  Commands up to DATA travel together when the server offers PIPELINING. */
enum smtpc_end smtpc_send(struct smtpc *c, const struct smtpc_mail *m);

#endif
