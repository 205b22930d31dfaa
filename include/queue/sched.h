/* sched - the scheduler of one queue: which delivery is tried when, what its report means, when a
 * message is finished (queue-and-delivery section 10).  Works in the queue's directory; talks to its
 * partners through buffers that the send applet moves, and logs into one. */
#ifndef QUEUE_SCHED_H
#define QUEUE_SCHED_H

#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/sys/in.h"
#include "queue/bounce.h"
#include "queue/idset.h"
#include "queue/layout.h"
#include "queue/metrics.h"
#include "queue/prio.h"
#include "queue/rewrite.h"
#include "queue/steer.h"

enum { CHAN_LOCAL, CHAN_REMOTE, CHANS };

struct job;
struct delivery {
	struct job *job;	/* NULL: free slot */
	unsigned long number;
	size_t index;		/* recipient of a first attempt */
	off_t mpos;		/* record of a settled message */
	struct buf rcpt;
};

/* A recipients file being read. */
struct pass {
	struct job *job;	/* NULL: none open */
	int fd;
	struct in in;
	char space[4096];
	off_t pos;
	struct buf record;
};

struct chan {
	int limit;		/* slots allocated: the spawner's and the configured limit at start */
	int concurrency;	/* configured now, at most limit */
	int used;
	bool held;
	bool dead;		/* the spawner is gone */
	struct delivery *slots;
	struct prio due;
	struct pass pass;
	struct buf out;		/* commands for the spawner */
	struct buf in;		/* its reports, as far as they are here */
};

/* A request clean has not answered yet. */
struct cleaning {
	uint64_t id;
	bool first;		/* done/ID of a first attempt; else foop/ID */
	bool stray;		/* leftover of a crash: nothing to log */
};

struct sched {
	struct layout lay;
	const char *program;	/* "qmail-send" */
	const char *q;		/* name of the queue in log lines, "" none */
	bool old_end;		/* "end msg" lines without program */
	const char *qident;
	struct rewrite rules;	/* for the bounce text */
	struct bounce_conf bounce;
	long lifetime, bouncelifetime;
	long delaywarn;		/* age at which senders who asked for it hear of a delay, 0 never */
	struct chan c[CHANS];
	struct prio done;	/* settled messages without recipients left */
	struct prio unclean;	/* first attempts that succeeded, but clean could not remove them */
	VEC(struct job *) fresh[CHANS];	/* first attempts with recipients to start */
	size_t fresh_at[CHANS];
	struct job **jobs;	/* table of first attempts, by id */
	size_t jobs_size, jobs_used;
	size_t running;		/* first attempts in memory */
	unsigned long number;	/* of the last delivery */
	struct buf log, clean, todo;
	VEC(struct cleaning) cleaning;
	size_t cleaning_at;
	int sweep_at;		/* the part of mess sched_sweep looks at next */
	/* rate control (section 20), for remote recipients */
	bool always_rates;	/* also without a directory of definitions */
	bool rates;
	struct buf rate_dir;
	struct idset delayed;	/* settled messages loaded at start or waiting for their domain's turn */
	int refusals;		/* since sched_work began */
	struct buf refused;	/* the latest: domain, message, when it may be asked again */
	uint64_t refused_id;
	time_t refused_until;
	/* orders (steer.h) */
	struct idset held;	/* nothing of these is begun */
	struct idset frozen;	/* the same, while the one who gave the order is there */
	struct idset parked[CHANS];	/* held messages whose time came */
	struct idset hasten;	/* to be tried now */
	struct metrics *metrics;
	bool exiting, detached;
	const volatile sig_atomic_t *stop_asked;	/* TERM has come but not been seen; NULL: never */
};

void sched_init(struct sched *s, const char *program, const char *q);
int sched_load(struct sched *s, struct err *e);		/* control files at start */
int sched_reload(struct sched *s, struct err *e);	/* on HUP */
/* Whether there is rate control: if there is a directory of definitions, or always; in the queue's directory. */
void sched_rates(struct sched *s);
/* The slots of a channel, once its spawner has announced its limit. */
void sched_slots(struct sched *s, int chan, int spawner_limit);
/* Find the settled messages of the queue; errors are logged. */
void sched_scan(struct sched *s);

/* A D record of todo-proc: channel letter and id; G: a first attempt that vanished from todo. */
void sched_settled(struct sched *s, char letter, uint64_t id);
/* A J record: a first attempt; the text is copied. */
void sched_first(struct sched *s, uint64_t id, time_t birth, struct str records);
/* Bytes from a spawner are in c[chan].in: take the complete reports. */
void sched_reports(struct sched *s, int chan);
/* One answer byte of clean. */
void sched_cleaned(struct sched *s, char answer);

/* Start what can be started, finish what is finished.  Returns the next time there is something to do. */
time_t sched_work(struct sched *s);
void sched_all_due(struct sched *s);			/* ALRM */
bool sched_idle(const struct sched *s);			/* no delivery running, nothing being settled or cleaned */
/* Before a clean exit: first attempts that have delivered something are settled (orders in s->todo);
 * once sched_idle, sched_save_times writes the next-try times. */
void sched_stop(struct sched *s);
void sched_save_times(struct sched *s);
void sched_status(struct sched *s);
/* Forget the schedule of settled messages (detach); sched_scan finds them again. */
void sched_forget(struct sched *s);

/* Which messages are held; in the queue's directory, before sched_scan. */
void sched_holds(struct sched *s);
/* An order; the answer of steer.h, with e when it is STEER_FAILED. */
char sched_order(struct sched *s, enum steer_verb v, uint64_t id, struct err *e);

/* Look for leftovers of crashes in one part of mess; true when the round is complete. */
bool sched_sweep(struct sched *s);

/* birth + (floor(sqrt(age)) + chanskip)^2 */
time_t sched_next_try(time_t birth, time_t now, int chan);

#endif
