/* steer - orders for the messages of a queue that do not wait for their time: hold, release, retry,
 * remove.
 *
 * Only send knows what is being delivered, so it takes the orders: the queue's directory steer (send's,
 * mode 0700) has its socket, where every line "VERB ID" is answered by one line.  When no send runs,
 * whoever gives the order takes its lock and does it himself.  A held message has an empty file
 * steer/hold.ID, so that it stays held whoever starts next. */
#ifndef QUEUE_STEER_H
#define QUEUE_STEER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "queue/layout.h"

enum steer_verb {
	STEER_HOLD,	/* no delivery is begun until it is released */
	STEER_RELEASE,
	STEER_RETRY,	/* its next try is now */
	STEER_DELETE,	/* out of the queue, nobody is told */
	STEER_BOUNCE,	/* the recipients that are left have failed */
	STEER_FREEZE,	/* held as long as this connection lasts, and not being delivered */
	STEER_THAW,
	STEER_TAKE,	/* delete, if it is still frozen by this connection */
	STEER_VERBS
};
extern const char *const steer_verbs[STEER_VERBS];

/* Answers, the first byte of a line. */
enum { STEER_DONE = '+', STEER_GONE = '-', STEER_WAIT = 'w', STEER_FAILED = '!' };

/* "hold 17": false when it is no order. */
bool steer_parse(struct str line, enum steer_verb *v, uint64_t *id);

/* ---- in the queue's directory ---- */
void steer_hold_name(uint64_t id, struct buf *fn);
bool steer_is_held(uint64_t id);
/* Make or remove the file; a file that is there, or not, already is fine.  0, or -1 with e. */
int steer_set_hold(uint64_t id, bool on, struct err *e);
/* Call each for every held message. */
int steer_holds(void (*each)(uint64_t id, void *arg), void *arg);
/* What a report says of a recipient whose message was removed. */
extern const char steer_removed[];
/* A settled message that nobody delivers: its recipients that are left fail, with a paragraph in bounce/ID
 * as their senders want it; local and remote are gone then. */
struct rewrite;
int steer_fail(const struct layout *l, const struct rewrite *r, uint64_t id, struct err *e);
/* A settled message that nobody delivers loses everything but mess and intd, without a bounce. */
int steer_strip(const struct layout *l, uint64_t id, struct err *e);

/* ---- who gives orders: the current directory is the queue ---- */
struct steer_link {
	struct layout lay;
	int fd;		/* of the socket, -1 none */
	int mutex;	/* the lock of the send that does not run, -1 none */
	struct buf in;
};
/* Find send, or take its place.  0, or -1 with e. */
int steer_connect(struct steer_link *k, const struct layout *l, struct err *e);
void steer_end(struct steer_link *k);
/* One order; what the answer says.  STEER_FAILED: e says why. */
char steer_order(struct steer_link *k, enum steer_verb v, uint64_t id, struct err *e);
/* The same, asked again while the answer is STEER_WAIT, for so many milliseconds. */
char steer_ask(struct steer_link *k, enum steer_verb v, uint64_t id, long patience_ms, struct err *e);

/* ---- send ---- */
struct sched;
struct steer_server {
	int listener, conn;
	struct buf in, out;
	long long heard;	/* when the client last spoke, clock_mono_ms */
};
/* Listen; without steer a queue works as ever. */
void steer_listen(struct steer_server *v);
/* What there is to wait for: the descriptor and its events; *wait (milliseconds) is shortened when need
 * be. */
int steer_poll(const struct steer_server *v, short *events, int *wait);
/* Take and answer what has come. */
void steer_serve(struct steer_server *v, struct sched *s);
/* Nothing has come: a client that is silent for long is let go. */
void steer_look(struct steer_server *v, struct sched *s);

#endif
