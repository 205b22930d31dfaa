/* rate - how many messages a domain may get in a while (queue-and-delivery section 20). A directory
 * (ratelimit of a queue) holds a file per domain: four fields, each ended by a zero byte (a newline is
 * understood as well): an expression in deliveries per second, a count, when counting began, when it last
 * went on.  A domain without a file is looked up in "ratecontrol" (lines pattern:expression, a counter for
 * each), then there is ".global". Files are changed under a lock and replaced as a whole, so that a crash
 * leaves the old or the new one. */
#ifndef QUEUE_RATE_H
#define QUEUE_RATE_H

#include <stdint.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/base/err.h"

enum {
	RATE_EXPR_MAX = 1000,	/* bytes of an expression */
	RATE_FILE_MAX = 65536,	/* bytes of any file here */
};

struct rate {
	struct buf expr;
	double value;		/* of the expression, deliveries per second: < 0 only counts, 0 stops everything */
	uint64_t count;
	time_t start, last;
};
#define RATE_INIT {BUF_INIT, 0, 0, 0, 0}

/* What is said about one delivery. */
struct rate_verdict {
	bool limited;		/* there is a definition for the domain */
	bool wait;		/* not now: the rate is exceeded */
	uint64_t count;		/* deliveries counted, with this one when it may go */
	double current, value;	/* rates: as counted before this delivery, as allowed */
	long seconds;		/* how long to wait; or since when there was room for another delivery */
};

void rate_free(struct rate *r);

/* The value of "50/3600", "(1+2)*3.5-1": + - * / with the usual precedence, signs, parentheses, decimal
 * fractions and blanks.  False when it is anything else, too long, or not a number (a division by zero). */
bool rate_eval(struct str expr, double *value);
/* Read the four fields; missing ones are 0.  False, and *r untouched, when they are not understood. */
bool rate_parse(struct str text, struct rate *r);
void rate_print(const struct rate *r, struct buf *b);	/* the four fields, appended */
/* May a delivery go at this time?  Nothing is counted.  Counters of an interval (seconds) that is over are
 * set back. */
struct rate_verdict rate_judge(struct rate *r, time_t now, long interval);
void rate_count(struct rate *r, time_t now);		/* it goes */

/* The directory for the queue in which dir lies: RATELIMIT_DIR, else "ratelimit", below dir unless it is
 * absolute ("." leaves relative names as they are).  False: rate control is switched off by an empty
 * RATELIMIT_DIR. */
bool rate_dir(const char *dir, struct buf *out);
/* May this be the name of a domain's file?  ".global" may; what leads out of the directory or is hidden
 * may not. */
bool rate_name_good(struct str name);
/* The file of a domain in dir replaces *fn; aliases (symbolic links to a neighbour) are followed.  ENOENT
 * is no error. */
int rate_path(const char *dir, struct str name, struct buf *fn, struct err *e);
int rate_read(const char *fn, struct rate *r, struct err *e);

/* A file that is being changed: locked from rate_open to rate_close. */
struct rate_file {
	struct buf fn;
	int fd;
	struct rate rate;
};
/* Lock and read; create: an absent file has no fields, and rate_write will make it.  Waits half a second
 * for others at most (EWOULDBLOCK). */
int rate_open(struct rate_file *f, const char *fn, bool create, struct err *e);
int rate_write(struct rate_file *f, struct err *e);	/* replaces the file, durably; the lock is that of the old one */
void rate_close(struct rate_file *f);

/* May a delivery to this address go now?  If so it is counted.  -1: a definition cannot be read or the
 * count not written. */
int rate_ask(const char *dir, struct str address, time_t now, struct rate_verdict *v, struct err *e);

#endif
