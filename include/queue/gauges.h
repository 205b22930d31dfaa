/* gauges - what indimail metrics says: the counters of the queues as OpenMetrics text or as JSON. */
#ifndef QUEUE_GAUGES_H
#define QUEUE_GAUGES_H

#include "core/base/buf.h"
#include "queue/journal.h"
#include "queue/metrics.h"

struct gauges {
	const char *queue;		/* its name */
	struct metrics *m;		/* NULL: send has not run there yet */
	bool up;			/* send runs */
	const char *journal;		/* whose it is, NULL: none, or told with another queue */
	struct journal_counts counts;
	bool looked;			/* the following are known */
	uint64_t messages;
	long oldest;			/* seconds, of the oldest message */
};

/* OpenMetrics 1.0, all of it including the last line. */
void gauges_text(const struct gauges *g, size_t n, struct buf *b);
/* One object per queue and line. */
void gauges_json(const struct gauges *g, size_t n, struct buf *b);

#endif
