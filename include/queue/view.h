/* view - messages of a queue as people look at them, and the choice among them (indimail q).  Nothing is
 * locked: a message that is delivered meanwhile may be seen half finished or not at all.  One message is
 * in memory at a time. */
#ifndef QUEUE_VIEW_H
#define QUEUE_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/vec.h"
#include "queue/envelope.h"
#include "queue/layout.h"

enum view_state {
	VIEW_NEW,	/* in todo: its first attempt is ahead or under way */
	VIEW_WAITING,	/* it has recipients left */
	VIEW_HELD,	/* by order, whatever else is true of it */
	VIEW_BOUNCING,	/* some of its recipients have failed */
	VIEW_DONE,	/* no recipient is left, it is about to go */
	VIEW_STATES
};
extern const char *const view_states[VIEW_STATES];

struct view_rcpt {
	struct str addr;
	char channel;	/* L, R, or N: not known yet */
	bool done;
	off_t mpos;	/* of its T record */
};
struct view {
	const char *queue;	/* its name */
	uint64_t id, bytes;
	enum view_state state;
	time_t birth;
	struct envelope env;
	VEC(struct view_rcpt) rcpts;
	struct buf local, remote;	/* what the recipients point into */
};

/* A message that is named; queue is empty when any queue's is meant. */
struct choice_id {
	struct str queue;
	uint64_t id;
	bool seen;	/* choice_seen says so */
};

/* Which messages are meant; all zero: every one.  Patterns are those of the shell, letter case does not
 * matter. */
struct choice {
	const char *sender, *recipient, *host, *queue;	/* sender "" or "<>": the null sender; host: a domain */
	long older, newer;				/* seconds, -1 none */
	long long larger, smaller;			/* bytes, -1 none */
	int state;					/* -1 any */
	VEC(struct choice_id) ids;
};
#define CHOICE_ANY {.older = -1, .newer = -1, .larger = -1, .smaller = -1, .state = -1}

/* "90", "15m", "2h", "3d", "1w": seconds.  "10k", "2M", "1G": bytes.  False when it is neither. */
bool choice_age(struct str s, long *seconds);
bool choice_size(struct str s, long long *bytes);
/* Add the message that text names: 17, or queue1/17 and queue1/#17 as lists show it.  False when it names none.  The
 * text must last. */
bool choice_add(struct choice *c, struct str text);
/* Does n name this message of the queue? */
bool choice_names(const struct choice_id *n, struct str queue, uint64_t id);
/* Is there more than names? */
bool choice_filters(const struct choice *c);
/* This message is there: note it where it is named. */
void choice_seen(struct choice *c, struct str queue, uint64_t id);
/* Does the text match a pattern as above? */
bool choice_like(struct str s, const char *pattern);

/* Read one message of the queue in the current directory: 1 it is there and chosen, 0 not, -1 with e. */
int view_load(const struct layout *l, const char *queue, uint64_t id, const struct choice *c, time_t now,
	struct view *v, struct err *e);
void view_free(struct view *v);
/* Every chosen message of the queue in the current directory, until each returns non-zero; that, or -1
 * with e.  What cannot be read is told to odd. */
int view_walk(const struct layout *l, const char *queue, const struct choice *c, time_t now,
	int (*each)(const struct view *v, void *arg), void (*odd)(const struct err *e), void *arg, struct err *e);

/* A line, or a JSON object with its newline. */
void view_line(const struct view *v, time_t now, struct buf *b);
void view_json(const struct view *v, time_t now, struct buf *b);
/* The recipients, one per line. */
void view_rcpts(const struct view *v, struct buf *b);
/* "90s", "15m", "2h", "3d" */
void view_age(long seconds, struct buf *b);

#endif
