/* journal - the write-ahead log of a queue (DESIGN section 6, indimail-journal(5)).
 *
 * A queue has its own, or its collection has one for all of its queues: QUEUE_BASE/journal, which scheduler makes.
 *
 * A submitter appends its whole message as one record, and one sync of the log serves all whose records are
 * complete at that moment.  The queue's files are written beside it without waiting for the disk.  A keeper
 * (a child of clean) syncs the file system now and then, and what was finished or stored by then needs its
 * record no more.  When the machine has crashed, the messages whose records still count are put back.
 *
 * As long as a record counts, everything the message's delivery leaves on the same file system may do without a sync
 * of its own: journal_share says so, and holds the record until the message is done.
 *
 * Any number of processes of the queue's owner may use a journal at once.  Queues that cannot have one, and messages
 * it has no room for, are written and synced as ever. */
#ifndef QUEUE_JOURNAL_H
#define QUEUE_JOURNAL_H

#include <signal.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/str.h"

enum { JOURNAL_MESSAGE_MAX = 256 << 10 };	/* bytes of message and envelope; larger ones are written as ever */

struct journal;

/* The journal of queue dir for a process of its owner, made if need be; after a crash of the machine its messages are
 * put back first.  NULL: there is none (QUEUE_JOURNAL, no disk, no boot id).  Kept for the life of the process. */
struct journal *journal_of(const char *dir);
/* The same, if it is there already: never makes or replays anything. */
struct journal *journal_look(const char *dir);
bool journal_exists(const char *dir);	/* something was written to it, in this run of the machine or before */
bool journal_own(const char *dir);	/* there is one, and it serves this queue alone */
/* Make the journal ready before daemons start: *restored messages were put back.  -1: some could not be, nothing is lost,
 * the next start tries again. */
int journal_recover(const char *dir, unsigned *restored, struct err *e);

/* ---- submitters ---- */
/* Make a message durable.  1: done; 0: no room or none wanted; -1: the disk fails. */
int journal_accept(struct journal *j, uint64_t id, struct str env, struct str body, struct err *e);
/* Its name in todo is there, or it has none and will be told of as it is (loose.h). */
void journal_accepted(struct journal *j, uint64_t id, bool loose);
/* It was not queued after all. */
void journal_abandon(struct journal *j, uint64_t id);

/* ---- lspawn ---- */
/* May what a delivery of this message leaves on the queue's file system wait for the journal's sync? */
bool journal_share(struct journal *j, uint64_t id);

/* ---- clean ---- */
/* The message is delivered, or stored in info, local and remote; its name in todo is about to go.  -1: it must not go. */
int journal_done(struct journal *j, uint64_t id);
/* The keeper's life: until *stop is set, then a last round. */
void journal_keep(const char *dir, const volatile sig_atomic_t *stop);
/* Everything in the queue is made durable and needs no record. */
int journal_flush(const char *dir, struct err *e);

/* ---- counters since the boot ---- */
struct journal_counts {
	uint64_t messages, bytes;	/* accepted through the journal */
	uint64_t syncs;			/* of the log */
	uint64_t refused;		/* messages there was no room for */
	uint64_t rounds;		/* of the keeper */
	uint64_t segments, segments_used, segments_max;
};
void journal_count(struct journal *j, struct journal_counts *c);

#endif
