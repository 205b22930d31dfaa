/* layout - where things lie in a queue directory (queue-and-delivery reference section 5).
 * A queue is mess, intd, todo, info, local, remote (split by id mod split), bounce, pid, lock;
 * a message's id is the inode number of its file in mess. */
#ifndef QUEUE_LAYOUT_H
#define QUEUE_LAYOUT_H

#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum part { Q_MESS, Q_INTD, Q_TODO, Q_INFO, Q_LOCAL, Q_REMOTE, Q_BOUNCE, Q_PARTS };

enum {
	LAYOUT_SPLIT_MAX = 151,	/* compiled split: CONFSPLIT is capped here */
	LAYOUT_ADDR_MAX = 1003,	/* bytes of an envelope record's address; longer is refused */
};

struct layout {
	int split;
	bool bigtodo;
};

extern const char *const layout_names[Q_PARTS];	/* "mess" ... */

/* CONFSPLIT and BIGTODO of this process. */
struct layout layout_conf(void);
bool layout_is_split(const struct layout *l, enum part p);
/* Append "mess/17/12345" (or "bounce/12345") to b. */
void layout_path(const struct layout *l, enum part p, uint64_t id, struct buf *b);
/* Append the id as spawners see it: "17/12345". */
void layout_messid(const struct layout *l, uint64_t id, struct buf *b);
/* The basename of a queue directory: its name in logs. */
const char *layout_qname(const char *dir);

/* The queue directory for a new message replaces dir: QUEUEDIR, or the next of queueSTART.. by a counter
 * that starts at random; with DYNAMIC_QUEUE by load, when anybody publishes it (section 21.1). */
int queue_choose(struct buf *dir, struct err *e);
/* The queue directory daemons work on: QUEUEDIR, else the relative name "queue". */
const char *queue_here(void);
/* Call each(dir) for every queue of the collection: queueSTART.. (to the first missing; with
 * DYNAMIC_QUEUE more than QUEUE_COUNT when there are), then nqueue, slowq, qmta
 * where present; with QUEUEDIR set just that one.  Stops when each returns non-zero and returns it. */
int queue_walk(int (*each)(const char *dir, void *arg), void *arg, struct err *e);
/* The same for who only looks: a QUEUEDIR that is not there is an error, not an empty queue. */
int queue_look(int (*each)(const char *dir, void *arg), void *arg, struct err *e);

#endif
