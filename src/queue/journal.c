/* journal - appending, and syncing together; see journal.h and journalstate.h.
 *
 * The end of the log is one number that submitters move with a compare-and-swap; each then writes its record at its place,
 * in whatever order.  A record is durable once a sync that began after it was written has ended: who waits for one
 * either finds a sync running and waits for the next, or is the one to begin it.  Locks are flock's: the kernel
 * takes them back from whoever dies. */
#include "queue/journal.h"

#include <errno.h>
#include <sys/uio.h>

#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/futex.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"
#include "queue/journalstate.h"
#include "queue/layout.h"

enum {
	PATIENCE_MS = 50,	/* for a sync of somebody who may have died */
	CROWD = 3,		/* so many records with one sync: there are enough sessions ... */
	GATHER = 5,		/* ... that waiting for more pays, so many times ... */
	GATHER_US = 200,	/* ... so many microseconds, as long as some come */
};

/* ---- appending ---- */

int journal_segment_of(const struct journal_state *s, uint64_t seq)
{
	for (int i = 0; i < SEGMENTS_MAX; i++)
		if (atomic_load(&s->seg[i].seq) == seq)
			return i;
	return -1;
}

/* The segment in use is full: go on in one whose records do not count, or in a new one.  0: there is none. */
static int next_segment(struct journal *j, journal_pos full)
{
	struct journal_state *s = j->s;
	uint64_t keep = JOURNAL_SEQ(atomic_load(&s->keep)), next = JOURNAL_SEQ(full) + 1;
	unsigned max = atomic_load(&s->max);
	int found = -1, r = 0, lock = journal_lock(j, false);

	if (lock < 0 || lock_exclusive(lock) < 0)
		goto out;
	if (atomic_load(&s->tail) != full) {
		r = 1;	/* somebody was faster */
		goto out;
	}
	for (unsigned i = 0; i < max && found < 0; i++) {
		uint64_t seq = atomic_load(&s->seg[i].seq);

		if (seq && seq < keep)
			found = (int)i;
	}
	for (unsigned i = 0; i < max && found < 0; i++)
		if (!atomic_load(&s->seg[i].seq) && journal_make_segment(j, i) == 0)
			found = (int)i;
	if (found >= 0) {
		atomic_store(&s->seg[found].seq, next);
		atomic_store(&s->tail, JOURNAL_POS(next, JOURNAL_HEAD));
		r = 1;
	}
out:
	fd_close(lock);
	return r;
}

/* Take a place for n bytes. */
static bool reserve(struct journal *j, uint32_t n, bool spare, journal_pos *pos)
{
	struct journal_state *s = j->s;
	uint32_t room = JOURNAL_SEGMENT - (spare ? 0 : JOURNAL_SPARE);
	journal_pos t = atomic_load(&s->tail);

	for (;;) {
		if (JOURNAL_OFF(t) + n <= room) {
			if (atomic_compare_exchange_weak(&s->tail, &t, t + n)) {
				*pos = t;
				return true;
			}
		} else if (next_segment(j, t)) {
			t = atomic_load(&s->tail);
		} else {
			return false;
		}
	}
}

/* A descriptor of the segment goes to *fd. */
static int append(struct journal *j, struct journal_record *r, _Atomic journal_pos *where, bool spare, int *fd, struct err *e)
{
	static const char padding[JOURNAL_HEAD];
	uint32_t n = journal_record_size(r);
	char head[JOURNAL_HEAD];

	if (n > JOURNAL_SEGMENT - JOURNAL_HEAD - JOURNAL_SPARE || !reserve(j, n, spare, &r->pos))
		return 0;
	if (where)
		atomic_store(where, r->pos);
	int i = journal_segment_of(j->s, JOURNAL_SEQ(r->pos));

	*fd = i < 0 ? -1 : journal_open_segment(j, (unsigned)i, O_RDWR);
	if (*fd < 0)
		return err_code(e, 64, errno, "unable to open a segment of %s", j->home.p);
	journal_record_head(r, atomic_load(&j->s->seg[i].salt), head);
	struct iovec v[] = {{head, sizeof head}, {(char *)(size_t)r->env.p, r->env.n}, {(char *)(size_t)r->body.p, r->body.n},
		{(char *)(size_t)padding, n - sizeof head - r->env.n - r->body.n}};

	if (fd_write_parts_at(*fd, v, 4, JOURNAL_OFF(r->pos)) == 0) {
		atomic_fetch_add(&j->s->appended, 1);
		return 1;
	}
	err_code(e, 64, errno, "unable to write %s", j->home.p);
	fd_close(*fd);
	*fd = -1;
	return -1;
}

/* ---- syncing together ---- */

static bool synced(const struct journal_segment *g, uint32_t before)
{
	return (int32_t)(atomic_load(&g->synced) - before) > 0;
}

/* Whoever is about to append does it first.  Where the last sync served several, this one waits a moment for others: they
 * run meanwhile.  With nobody there this is one call and no time. */
static void gather(struct journal_state *s)
{
	uint32_t n = atomic_load(&s->appended), before;
	int naps = atomic_load(&s->served) < CROWD ? 0 : GATHER;

	proc_yield();
	do {
		before = n;
		if (naps)
			clock_nap_us(GATHER_US);
		n = atomic_load(&s->appended);
	} while (naps-- > 1 && n != before);

	atomic_store(&s->served, n - atomic_exchange(&s->before, n));
}

/* Begin a sync as the only one; everybody who waits for it is woken. */
static int lead(struct journal *j, struct journal_segment *g, int fd, struct err *e)
{
	gather(j->s);
	uint32_t number = atomic_load(&g->begun) + 1, last = atomic_load(&g->synced);

	atomic_store(&g->begun, number);
	int r = file_sync_data(fd), num = errno;

	lock_release(fd);
	if (r < 0) {
		/* what was written may be lost though a later sync succeeds */
		atomic_store(&j->s->broken, 1);
		futex_wake(&g->synced);
		return err_code(e, 64, num, "unable to sync %s", j->home.p);
	}
	atomic_fetch_add(&j->s->syncs, 1);
	while ((int32_t)(number - last) > 0 && !atomic_compare_exchange_weak(&g->synced, &last, number))
		;
	futex_wake(&g->synced);
	return 0;
}

/* Wait until what was written to the segment before is durable. */
static int sync_segment(struct journal *j, struct journal_segment *g, int fd, struct err *e)
{
	uint32_t before = atomic_load(&g->begun);

	while (!synced(g, before)) {
		uint32_t seen = atomic_load(&g->synced);

		if (atomic_load(&j->s->broken))
			return err_code(e, 64, EIO, "%s is broken", j->home.p);
		if (lock_try(fd) < 0) {
			futex_wait(&g->synced, seen, PATIENCE_MS);
		} else if (synced(g, before)) {
			lock_release(fd);
			break;
		} else if (lead(j, g, fd, e) < 0) {
			return -1;
		}
	}
	return 0;
}

int journal_write(struct journal *j, struct journal_record *r, _Atomic journal_pos *where, bool spare, struct err *e)
{
	int fd = -1, done = append(j, r, where, spare, &fd, e);

	if (done == 1 && sync_segment(j, &j->s->seg[journal_segment_of(j->s, JOURNAL_SEQ(r->pos))], fd, e) < 0)
		done = -1;
	fd_close(fd);
	return done;
}

/* ---- submitters ---- */

void journal_poke(struct journal *j)
{
	atomic_fetch_add(&j->s->events, 1);
	if (atomic_load(&j->s->asleep) && atomic_exchange(&j->s->asleep, 0))
		futex_wake(&j->s->asleep);
}

/* Whatever the keeper has not come to: without one, full journals would stay full. */
static bool make_room(struct journal *j)
{
	struct buf fn = BUF_INIT;
	struct err e;
	bool r = false;

	journal_poke(j);
	journal_name(j, "keeper", &fn);
	int fd = file_open(fn.p, O_RDWR | O_CREAT, 0600);

	if (fd >= 0 && lock_try(fd) == 0)
		r = journal_round(j, ROUND_PRESSED, &e) == 1;
	fd_close(fd);
	buf_free(&fn);
	return r;
}

int journal_accept(struct journal *j, uint64_t id, struct str env, struct str body, struct err *e)
{
	struct journal_state *s = j->s;
	struct journal_record rec = {.type = JOURNAL_MESSAGE, .id = id, .when = (uint64_t)clock_now(), .body = body};
	struct buf named = BUF_INIT;
	struct journal_entry *en;

	if (atomic_load(&s->broken))
		return 0;
	buf_adds(&named, layout_qname(j->dir.p));
	buf_addc(&named, 0);
	buf_add(&named, env);
	rec.env = buf_str(&named);
	en = entry_add(s, id, atomic_load(&s->tail), proc_pid());
	int r = en ? journal_write(j, &rec, &en->pos, false, e) : 0;

	if (en && r == 0 && make_room(j))
		r = journal_write(j, &rec, &en->pos, false, e);
	if (r == 1) {
		atomic_fetch_add(&s->messages, 1);
		atomic_fetch_add(&s->bytes, journal_record_size(&rec));
	} else {
		atomic_fetch_add(&s->refused, 1);
		if (en)
			journal_abandon(j, id);
	}
	buf_free(&named);
	return r;
}

void journal_accepted(struct journal *j, uint64_t id, bool loose)
{
	struct journal_entry *en = entry_mine(j->s, id, proc_pid());

	if (en)
		entry_change(en, id, ENTRY_ACCEPTING, 0, ENTRY_ACCEPTING, loose ? ENTRY_LOOSE : 0);
	journal_poke(j);
}

void journal_abandon(struct journal *j, uint64_t id)
{
	struct journal_entry *en = entry_mine(j->s, id, proc_pid());

	if (en)
		entry_change(en, id, ENTRY_ACCEPTING, 0, ENTRY_ACCEPTING, ENTRY_ENDED);
	journal_poke(j);
}

/* ---- lspawn, clean ---- */

bool journal_share(struct journal *j, uint64_t id)
{
	struct journal_entry *en = entry_find(j->s, id);

	return en && !atomic_load(&j->s->broken) && entry_change(en, id, 0, ENTRY_RETIRED | ENTRY_ENDED, 0, ENTRY_SHARED);
}

int journal_done(struct journal *j, uint64_t id)
{
	struct journal_entry *en = entry_find(j->s, id);

	if (!en)
		return 0;
	if (entry_change(en, id, 0, ENTRY_RETIRED | ENTRY_ENDED, 0, ENTRY_ENDED)) {
		journal_poke(j);
		return 0;
	}
	if (file_sync_all(j->home.p) < 0)
		return -1;
	entry_change(en, id, ENTRY_RETIRED, 0, 0, ENTRY_ENDED);
	return 0;
}

void journal_count(struct journal *j, struct journal_counts *c)
{
	struct journal_state *s = j->s;

	*c = (struct journal_counts){.messages = atomic_load(&s->messages), .bytes = atomic_load(&s->bytes),
		.syncs = atomic_load(&s->syncs), .refused = atomic_load(&s->refused), .rounds = atomic_load(&s->rounds),
		.segments_max = atomic_load(&s->max),
		.segments_used = JOURNAL_SEQ(atomic_load(&s->tail)) - JOURNAL_SEQ(atomic_load(&s->keep)) + 1};
	for (unsigned i = 0; i < SEGMENTS_MAX; i++)
		c->segments += atomic_load(&s->seg[i].seq) != 0;
}
