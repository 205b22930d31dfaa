/* metrics - counters of one queue in a small file that everybody maps: steer/metrics.  send and todo-proc
 * count, indimail metrics reads.  They go on counting over restarts; gauges are what send last set. */
#ifndef QUEUE_METRICS_H
#define QUEUE_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { METRICS_CHANS = 2, METRICS_RESULTS = 3, METRICS_AGES = 8 };
enum metrics_result { METRICS_SUCCESS, METRICS_DEFERRAL, METRICS_FAILURE };

/* Upper bounds in seconds of all but the last age bucket. */
extern const long metrics_ages[METRICS_AGES - 1];

struct metrics {
	uint64_t version;		/* 0: fresh file */
	_Atomic uint64_t messages, bytes;	/* taken over by todo-proc */
	_Atomic uint64_t deliveries[METRICS_CHANS][METRICS_RESULTS];
	_Atomic uint64_t bounces, ended;
	_Atomic uint64_t age[METRICS_AGES];	/* of messages that left: how many, by time since their birth */
	_Atomic uint64_t age_sum;		/* seconds */
	/* gauges */
	_Atomic int64_t running[METRICS_CHANS], limit[METRICS_CHANS];
	_Atomic int64_t waiting[METRICS_CHANS];	/* settled messages with recipients on this channel */
	_Atomic int64_t first, held;		/* first attempts, held messages */
	_Atomic int64_t started, pid;		/* of send; pid 0: it has ended */
};

/* The counters of the queue in the current directory.  For writers (make) never NULL: what cannot be
 * shared is counted for nobody. */
struct metrics *metrics_open(bool make);
void metrics_close(struct metrics *m);
#define metrics_add(field, n) atomic_fetch_add_explicit(&(field), (n), memory_order_relaxed)
#define metrics_set(field, n) atomic_store_explicit(&(field), (n), memory_order_relaxed)
#define metrics_get(field) atomic_load_explicit(&(field), memory_order_relaxed)
/* A message has left the queue. */
void metrics_ended(struct metrics *m, time_t birth, time_t now);

#endif
