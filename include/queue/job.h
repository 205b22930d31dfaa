/* job - one message at work in the scheduler, and the parts the scheduler consists of: sched.c (control,
 * deliveries, reports), first.c (first attempts), settled.c (messages on disk), delayed.c (rates), notify.c (reports),
 * steered.c (orders).
 * Only they include this. */
#ifndef QUEUE_JOB_H
#define QUEUE_JOB_H

#include "queue/sched.h"

enum rcpt_state { WAITING, RUNNING, DELIVERED, FAILED, DEFERRED };

struct rcpt {
	struct str addr;
	int chan;
	enum rcpt_state state;
	struct str params;	/* y record of todo, empty none */
	char due;		/* NOTE_DELIVERED or NOTE_RELAYED: its sender is to be told */
	char *report;		/* of a failure, or of a success that is due; owned */
	size_t report_len;
};

/* Something a sender is told before the message is finished. */
struct event {
	struct note note;
	enum outcome_action action;
	char *text;		/* of the delivery report, owned */
	size_t len;
};

struct job {
	struct arena mem;
	uint64_t id;
	time_t birth, retry;
	struct str sender, extra, headers, params;
	VEC(struct event) events;
	time_t warn;		/* when senders are to be told of a delay, 0 never */
	int refs;		/* deliveries running */
	bool dying;
	/* settled messages: one channel */
	int chan;
	struct notes notes;
	size_t left;		/* recipients not finished, as far as the pass has read */
	size_t refused;		/* of those, put off by the rate of their domain ... */
	time_t turn;		/* ... until this time, the soonest of them */
	bool open;		/* the pass still reads */
	/* first attempts: both channels */
	bool fresh, settling, touched;
	VEC(struct rcpt) rcpts;
	size_t next[CHANS];	/* where the search for a waiting recipient goes on */
};

struct job *job_new(uint64_t id);
void job_free(struct job *j);
/* Older than its lifetime: the deferrals of this pass are failures. */
bool job_dying(const struct sched *s, const struct job *j, time_t now);
/* The table of first attempts by id. */
struct job *job_find(const struct sched *s, uint64_t id);
void job_add(struct sched *s, struct job *j);
void job_del(struct sched *s, const struct job *j);

/* sched.c */
void sched_say(struct sched *s, const char *level, const char *what, const char *fn, int num);
void sched_ask_clean(struct sched *s, const char *what, uint64_t id, bool first, bool stray);
/* Hand a recipient to the spawner; a slot is free.  params: of its y record. */
void sched_deliver(struct sched *s, int chan, struct job *j, struct str rcpt, struct str params, size_t index, off_t mpos);

/* first.c */
bool first_step(struct sched *s, int chan);		/* start one delivery; false: nothing waits */
void first_report(struct sched *s, struct delivery *d, char letter, struct str text);
void first_check(struct sched *s, struct job *j);	/* has every recipient been tried? */
void first_settle(struct sched *s, struct job *j);	/* todo-proc has written its files */
void first_forget(struct sched *s, struct job *j);	/* frees j */

/* settled.c */
extern const enum part chan_part[CHANS];
void settled_path(const struct sched *s, enum part p, uint64_t id, struct buf *fn);
/* Note a failure and look at the message again in a while; chan < 0: among the finished ones. */
void settled_retry(struct sched *s, int chan, uint64_t id, const char *what, const char *fn, int num);
void settled_open(struct sched *s, int chan, uint64_t id);	/* begin a pass */
bool settled_step(struct sched *s, int chan);			/* its next delivery; false: the pass is over */
void settled_close(struct sched *s, struct pass *p);
void settled_report(struct sched *s, int chan, struct delivery *d, char letter, struct str text);
void settled_mark(struct sched *s, int chan, uint64_t id, off_t mpos);	/* this recipient is finished */
/* Note a failure; false: the queue is being stopped and the note could not be written. */
bool settled_bounce(struct sched *s, uint64_t id, struct str rcpt, struct str report);
void settled_finish(struct sched *s, uint64_t id);		/* no recipients left */

/* Is a delivery of this message running? */
bool settled_running(const struct sched *s, uint64_t id);

/* steered.c */
bool steered_held(const struct sched *s, uint64_t id);
/* A settled message has come up: true when it is held, and kept for later. */
bool steered_park(struct sched *s, int chan, uint64_t id);
void steered_hasten(struct sched *s);
/* The message leaves the queue: its number may soon be another's. */
void steered_forget(struct sched *s, uint64_t id);

/* notify.c */
/* For a delivery: the header lines that become DSN_ variables (see spawner.h). */
void notify_lines(const struct job *j, struct str params, struct buf *b);
/* A recipient has its message: NOTE_DELIVERED or NOTE_RELAYED when the sender is to be told, else 0. */
char notify_due(const struct job *j, int chan, struct str params, struct str text);
/* The message is waited with: note the delay, or when it is one. */
void notify_delay(const struct sched *s, struct job *j, const struct note *n, struct str text);
/* To be told: the state is NOTE_DELIVERED, NOTE_RELAYED, or NOTE_OPEN for a delay; text is copied. */
void notify_add(struct job *j, const struct note *n, char state, struct str text);
/* Tell what was added.  What cannot be queued is tried again with the next pass, or at the end. */
void notify_send(struct sched *s, struct job *j);
/* What is still to be told of a message that is finished; false: it could not be queued. */
bool notify_rest(struct sched *s, const struct bounced *m);
void notify_mark(struct sched *s, uint64_t id, struct note *n, char state);
void notify_free(struct job *j);

/* delayed.c */
void delayed_begin(struct sched *s, uint64_t id);	/* a settled message is looked at again */
/* May a delivery to this recipient start, by the rate of its domain?  If not, the job's refused and turn say so. */
bool delayed_may(struct sched *s, int chan, struct job *j, struct str rcpt);
/* So many were put off in this round that it is others' turn; the round goes on at once. */
bool delayed_pause(const struct sched *s);
/* When a message with left recipients is looked at again on a channel: retry, unless rates or a sender who wants to hear of
 * the delay say otherwise. */
time_t delayed_turn(struct sched *s, int chan, const struct job *j, size_t left, time_t retry);

#endif
