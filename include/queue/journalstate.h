/* journalstate - what the processes that use a journal share: a mapped file with the end of the log, its segments,
 * and a table of the messages whose records count.  It lives as long as the machine is up.  Only journal*.c and loose.c
 * include this. */
#ifndef QUEUE_JOURNALSTATE_H
#define QUEUE_JOURNALSTATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "queue/journal.h"
#include "queue/journalfmt.h"

enum {
	SEGMENTS_MAX = 64,
	ENTRIES = 1 << 14,
	PROBES = 32,		/* places an id may lie in */
};

/* In the low bits of an entry's key, the id is above them. */
enum {
	ENTRY_ACCEPTING = 1,	/* its submitter is still at work */
	ENTRY_SHARED = 2,	/* a delivery relies on the record */
	ENTRY_ENDED = 4,	/* gone or stored; waits for the keeper's sync */
	ENTRY_RETIRED = 8,	/* the record does not count any more, a delivery relied on it: done needs a sync */
	ENTRY_LOOSE = 16,	/* the record is all there is of the message (loose.h) */
	ENTRY_FILING = 32,	/* pid is writing its files */
	ENTRY_BITS = 6,
};

struct journal_entry {
	_Atomic uint64_t key;		/* 0: free */
	_Atomic journal_pos pos;	/* of its record, or earlier */
	_Atomic int32_t pid;		/* of the submitter, or of who writes its files */
	_Atomic uint32_t born;		/* milliseconds of the monotonic clock, the lower bits */
};

struct journal_segment {
	_Atomic uint64_t seq;		/* of its present use; 0: there is no file */
	_Atomic uint64_t salt;
	_Atomic uint32_t begun, synced;	/* numbers of syncs: the last one begun, the last one that ended well */
};

struct journal_state {
	char magic[8];
	char boot[40];			/* of which run of the machine */
	_Atomic journal_pos tail;	/* where the next record goes */
	_Atomic journal_pos keep;	/* durable: records before it do not count */
	_Atomic uint32_t max;		/* segments there may be */
	_Atomic uint32_t events;	/* counts what the keeper may have to look at */
	_Atomic uint32_t asleep;	/* the keeper has nothing to do */
	_Atomic uint32_t broken;	/* a sync has failed: no more records until the machine starts anew */
	_Atomic uint64_t messages, bytes, syncs, refused, rounds;
	_Atomic uint32_t appended, before, served;	/* records: all, those before the last sync, those it served */
	struct journal_segment seg[SEGMENTS_MAX];
	struct journal_entry entry[ENTRIES];
};

/* No descriptors: workers close theirs between two runs, and locks must not be those of a parent. */
struct journal {
	struct buf dir;			/* of the queue */
	struct buf home;		/* of the journal: the queue's, or one beside the queue for its whole collection */
	bool common;			/* ... for its whole collection */
	struct journal_state *s;	/* NULL: not usable, ... */
	const char *text[SEGMENTS_MAX];	/* segments mapped for reading, NULL: not yet */
	time_t again;			/* ... look again at this time */
	time_t checked;			/* whether home is still the right one */
};

/* The entry of a message whose record counts or counted (ended ones are nobody's); NULL none. */
struct journal_entry *entry_find(struct journal_state *s, uint64_t id);
/* The one this process is about to complete, ended or not; NULL none. */
struct journal_entry *entry_mine(struct journal_state *s, uint64_t id, pid_t pid);
/* A new entry, accepting, not later than pos; NULL: no room. */
struct journal_entry *entry_add(struct journal_state *s, uint64_t id, journal_pos pos, pid_t pid);
/* Change bits unless somebody was faster or must (all set) or must_not (any set) forbid it. */
bool entry_change(struct journal_entry *en, uint64_t id, unsigned must, unsigned must_not, unsigned clear, unsigned set);
static inline uint64_t entry_id(uint64_t key) { return key >> ENTRY_BITS; }

/* journalhome.c */
struct journal *journal_attach(const char *dir, bool make);
int journal_make_segment(struct journal *j, unsigned i);
int journal_open_segment(struct journal *j, unsigned i, int flags);
/* The segment of this sequence number, mapped, and its salt; empty: there is none. */
struct str journal_segment(struct journal *j, uint64_t seq, uint64_t *salt);
int journal_lock(struct journal *j, bool make);		/* the file whose lock is held while segments change; a descriptor */
void journal_name(const struct journal *j, const char *what, struct buf *fn);
/* The directory of a queue that uses this journal. */
void journal_queue(const struct journal *j, struct str name, struct buf *dir);

/* journal.c */
/* Append a record and make it durable: fills r->pos and, before it is written, *where.  1, 0 no room, -1.
 * spare: it may use the end of a segment. */
int journal_write(struct journal *j, struct journal_record *r, _Atomic journal_pos *where, bool spare, struct err *e);
int journal_segment_of(const struct journal_state *s, uint64_t seq);	/* its index, -1 none */
void journal_poke(struct journal *j);

/* journalkeep.c: one round; 1, 0 nothing to do, -1. */
enum journal_force {
	ROUND_USUAL,	/* what was done by itself is let go, loose messages get files when they are old */
	ROUND_PRESSED,	/* whatever is not needed by a running delivery is let go, for room is needed */
	ROUND_ALL,	/* also what came a moment ago */
};
int journal_round(struct journal *j, enum journal_force force, struct err *e);

/* loose.c: write the files of loose messages that came so many milliseconds ago or earlier. */
void loose_file_old(struct journal *j, uint32_t ms);
bool loose_waits(struct journal *j);	/* there is one */

/* journalreplay.c: put back what the segments of an earlier run hold.  *last: the highest sequence number there. */
int journal_replay(struct journal *j, uint64_t *last, unsigned *restored, struct err *e);

#endif
