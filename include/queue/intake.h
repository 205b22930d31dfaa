/* intake - the local submission socket: how a process that may not write the queue hands over a
 * message (DESIGN section 3).  One connection carries any number of submissions, one after another.
 *
 * request:  'Q', length of the settings (32-bit little-endian), settings "NAME=value\0"...; attached
 *           to the first byte are two descriptors: message and envelope, as on 0 and 1 of qmail-queue
 *           'M', lengths of settings, message and envelope (32-bit each), then these three: for what is short
 *           'L' likewise, and no other request will follow
 * answer:   exit code (1 byte), qp number (32-bit), length of the text (16-bit), error text */
#ifndef QUEUE_INTAKE_H
#define QUEUE_INTAKE_H

#include "core/base/buf.h"
#include "core/base/err.h"

enum { INTAKE_SETTINGS_MAX = 1 << 20, INTAKE_SHORT_MAX = 16384, INTAKE_TEXT_MAX = 1024 };

struct intake_answer {
	int code;
	unsigned long qp;
	struct buf text;
};

int intake_connect(struct err *e);
/* Send a request with the settings of this process's environment. */
int intake_request(int sock, const int fds[2], struct err *e);
/* ... that holds message and envelope, INTAKE_SHORT_MAX bytes of both together.  last: the connection ends with its answer. */
int intake_request_short(int sock, struct str message, struct str envelope, bool last, struct err *e);
int intake_read_answer(int sock, struct intake_answer *a, struct err *e);

/* The server's side. */
struct intake_request {
	struct buf text;	/* what the strings lie in; the caller's to free */
	struct str settings, message, envelope;
	int fds[2];		/* message and envelope, ours now; -1: they lie in text */
	bool last;		/* nothing more comes on this connection */
};
/* 1: a request; 0: the peer is gone; -1: garbage. */
int intake_read_request(int sock, struct intake_request *r, struct err *e);
int intake_answer(int sock, int code, unsigned long qp, struct str text);
/* Take over the settings this caller may use: a trusted one all that concern the queue, others only
 * harmless ones.  Programs that run on messages are the owner's to name: when a trusted caller names another one
 * than our own environment, its message must not slip through unseen: -1, code 77. */
enum intake_trust { INTAKE_STRANGER, INTAKE_TRUSTED, INTAKE_OWNER };
int intake_apply(struct str settings, enum intake_trust trust, struct err *e);

/* Read an envelope as descriptor 1 of a queue program has it: F sender NUL, T recipient NUL ..., one more NUL (or Q in
 * place of a recipient).  Behind the sender may be an x record, behind each recipient a y record (core/smtp/dsn.h).  record
 * gets the text of each and may fail, too; e has an exit code of section 6.2. */
struct in;
int intake_envelope(struct in *in, int (*record)(void *ctx, char letter, struct str addr, struct err *e), void *ctx,
	struct err *e);
/* Read message and envelope from two descriptors and queue them (what the queue program does). */
struct put_origin;
int intake_copy(int message, int envelope, const struct put_origin *o, struct err *e);
/* ... of a request, in whichever way it has them. */
int intake_put(const struct intake_request *r, const struct put_origin *o, struct err *e);

#endif
