/* netserver - the servers of QMTP and QMQP: messages that come as netstrings (queue-and-delivery section 23).  The engines
 * read a struct in and answer on a struct out; the queue arrives as function pointers.  A message goes through piece by piece, and
 * what is answered with K is in the queue; one that did not come whole is not. */
#ifndef CORE_SMTP_NETSERVER_H
#define CORE_SMTP_NETSERVER_H

#include "core/base/err.h"
#include "core/smtp/caller.h"
#include "core/smtp/hosts.h"
#include "core/smtp/netstr.h"
#include "core/sys/out.h"

enum {
	NETSERVER_ADDR = 1000,		/* an address has fewer bytes */
	NETSERVER_RCPTS = 100000,	/* recipients of a QMTP packet that are looked at; the others must come again */
	NETSERVER_MS = 3600000,		/* for a whole connection */
};

/* Where messages go; one at a time, in this order.  See queue/client.h for what they mean. */
struct netserver_queue {
	void *ctx;
	int (*open)(void *ctx, struct err *e);
	void (*put)(void *ctx, const char *p, size_t n);
	void (*from)(void *ctx, struct str sender);
	void (*to)(void *ctx, struct str rcpt);
	void (*fail)(void *ctx);
	const char *(*close)(void *ctx);
	unsigned long (*qp)(void *ctx);
};

struct netserver {
	struct netserver_queue queue;
	struct caller caller;
	bool hide_host;
	long patience_ms;	/* NETSERVER_MS */
	/* QMTP only */
	uint64_t databytes;	/* of a stored message, 0 any number */
	bool relay;		/* anybody may be a recipient, with the suffix */
	struct str suffix;
	struct hosts hosts;
	/* result */
	struct err err;		/* why the exit code is 111, empty: the client's doing */

	/* the engines' own */
	struct netstr r;
	struct out *out;
	bool open;		/* a message is under way */
	bool doomed;		/* ... and must not be queued */
};

/* Serve one connection; the exit code: 0 the client is done, 100 it does not speak the protocol, 111 trouble.  in and out
 * are set up by the caller. */
int qmqpd_run(struct netserver *s, struct in *in, struct out *out);
int qmtpd_run(struct netserver *s, struct in *in, struct out *out);

/* For the engines. */
void netserver_start(struct netserver *s, struct in *in, struct out *out);
/* A message begins: its Received line by program and protocol. */
bool netserver_open(struct netserver *s, const char *program, const char *protocol);
/* A piece of it; the argument is the server. */
void netserver_put(void *server, struct str piece);
/* It is in vain: nothing more goes to the queue. */
void netserver_doom(struct netserver *s);
/* The end of it, if it has begun: what the queue says, "" when it was accepted. */
const char *netserver_close(struct netserver *s);
/* An answer as a netstring; text empty: ok with the time and the queue's number. */
void netserver_answer(struct netserver *s, struct str text);
bool netserver_flush(struct netserver *s);

#endif
