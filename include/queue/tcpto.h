/* tcpto - which hosts did not answer lately: lock/tcpto of a queue, 32-byte records
 * (queue-and-delivery section 17).
 *	0 address family, 4 error count (0: free), 8 time of the last failure (32 bits, little-endian),
 *	16 the address */
#ifndef QUEUE_TCPTO_H
#define QUEUE_TCPTO_H

#include <stdint.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/net/ip.h"

enum {
	TCPTO_RECORD = 32,
	TCPTO_SIZE = 2048,	/* of a new file */
	TCPTO_COUNT_MAX = 10,
};

struct tcpto_entry {
	struct ip ip;
	unsigned count;		/* 0: free */
	uint32_t when;
};

/* The table's bytes, read once; the functions below work on them. */
struct tcpto {
	struct buf table;
};

/* Read the table of the queue dir, or nothing when there is none (an empty table skips nobody). */
void tcpto_read(struct tcpto *t, const char *dir);
void tcpto_free(struct tcpto *t);
size_t tcpto_count(const struct tcpto *t);
struct tcpto_entry tcpto_entry(const struct tcpto *t, size_t i);
/* Whether failures of ip are on record. */
bool tcpto_known(const struct tcpto *t, const struct ip *ip);
/* Whether to leave ip alone now.  penalty seconds, 0 never; a positive one gets jitter by pid. */
bool tcpto_skip(const struct tcpto *t, const struct ip *ip, time_t now, long penalty, pid_t pid);

/* Change the table in place: a failure (ignored within tolerance seconds of the last one), or a success.
 * True when something changed. */
bool tcpto_failed(struct tcpto *t, const struct ip *ip, time_t now, long tolerance);
bool tcpto_worked(struct tcpto *t, const struct ip *ip);

/* The same on the file of queue dir, under its lock.  Trouble is ignored: the table is only a hint. */
void tcpto_record(const char *dir, const struct ip *ip, bool failed, time_t now, long tolerance);
/* Write zeroes over the file. */
int tcpto_zero(const char *dir, struct err *e);

#endif
