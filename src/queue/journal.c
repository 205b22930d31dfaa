/* journal - appending, and syncing together; see journal.h and journalstate.h.
 *
 * The end of the log is one number that submitters move with a compare-and-swap; each then writes its record at its place,
 * in whatever order.  A record is durable once a sync that began after it was written has ended: who waits for one
 * either finds a sync running and waits for the next, or is the one to begin it.  Locks are flock's: the kernel
 * takes them back from whoever dies. */
#include "queue/journal.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/futex.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"
#include "core/sys/rand.h"
#include "core/sys/share.h"
#include "queue/journalstate.h"
#include "queue/layout.h"

enum {
	RETRY = 10,		/* seconds before a journal that was not usable is looked at again */
	PATIENCE_MS = 50,	/* for a sync of somebody who may have died */
	BLOCK = 65536,
	GATHER = 8,		/* times others are let run before a sync */
};

static const char magic[8] = "IMJ-1\0\0";
static VEC(struct journal *) known;

void journal_name(const struct journal *j, const char *what, struct buf *fn)
{
	buf_set(fn, buf_str(&j->home));
	buf_fmt(fn, "%s%s", *what ? "/" : "", what);
}

static void segment_name(const struct journal *j, unsigned i, struct buf *fn)
{
	journal_name(j, "", fn);
	buf_fmt(fn, "/%03u", i);
}

/* ---- attaching ---- */

static bool usable(const struct journal_state *s, const char *boot)
{
	return memcmp(s->magic, magic, sizeof magic) == 0 && strcmp(s->boot, boot) == 0;
}

/* The state of this run of the machine, mapped; NULL: there is none. */
static struct journal_state *map_state(const struct journal *j, const char *boot)
{
	struct buf fn = BUF_INIT;
	struct journal_state *s = NULL;
	struct stat st;

	journal_name(j, "state", &fn);
	int fd = file_open(fn.p, O_RDWR, 0);

	if (fd >= 0 && file_fstat(fd, &st) == 0 && st.st_size == (off_t)sizeof *s)
		s = share_file(fd, sizeof *s);
	if (s && !usable(s, boot)) {
		share_end(s, sizeof *s);
		s = NULL;
	}
	fd_close(fd);
	buf_free(&fn);
	return s;
}

static int zeros(int fd, off_t n)
{
	static const char none[BLOCK];
	int r = 0;

	for (off_t done = 0; r == 0 && done < n; done += (off_t)sizeof none)
		r = fd_write_all(fd, none, n - done < (off_t)sizeof none ? (size_t)(n - done) : sizeof none);
	return r;
}

/* A segment's file: all of its blocks are written, so that later writes change nothing but content. */
static int make_segment(struct journal *j, unsigned i)
{
	struct buf fn = BUF_INIT, tmp = BUF_INIT;
	char head[JOURNAL_HEAD];
	uint64_t salt;
	int r = -1;

	rand_bytes(&salt, sizeof salt);
	segment_name(j, i, &fn);
	journal_name(j, "new", &tmp);
	int fd = file_open(tmp.p, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0)
		goto out;
	journal_segment_head(salt, head);
	if (fd_write_all(fd, head, sizeof head) < 0 || zeros(fd, JOURNAL_SEGMENT - JOURNAL_HEAD) < 0 || file_sync(fd) < 0 ||
		file_rename(tmp.p, fn.p) < 0)
		goto out;
	journal_name(j, "", &tmp);
	if (file_sync_dir(tmp.p) < 0)
		goto out;
	atomic_store(&j->s->seg[i].salt, salt);
	r = 0;
out:
	fd_close(fd);
	buf_free(&fn);
	buf_free(&tmp);
	return r;
}

int journal_open_segment(struct journal *j, unsigned i, int flags)
{
	struct buf fn = BUF_INIT;

	segment_name(j, i, &fn);
	int fd = file_open(fn.p, flags, 0);

	buf_free(&fn);
	return fd;
}

static unsigned segments_max(void)
{
	long mb = 64;

	conf_int(CONF_JOURNAL_SIZE, &mb, NULL);
	long n = mb / (JOURNAL_SEGMENT >> 20);

	return n < 2 ? 2 : n > SEGMENTS_MAX ? SEGMENTS_MAX : (unsigned)n;
}

/* A state in which nothing counts yet, not yet under its name; NULL with e. */
static struct journal_state *new_state(const struct journal *j, struct err *e)
{
	struct journal_state *s = NULL;
	struct buf tmp = BUF_INIT;

	journal_name(j, "state.new", &tmp);
	int fd = file_open(tmp.p, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd >= 0 && zeros(fd, sizeof *s) == 0)
		s = share_file(fd, sizeof *s);
	if (!s)
		err_temp(e, errno, "unable to create %s", tmp.p);
	fd_close(fd);
	buf_free(&tmp);
	return s;
}

/* Which segments are there to be used again? */
static int find_segments(struct journal *j, struct err *e)
{
	struct journal_state *s = j->s;
	char head[JOURNAL_HEAD];

	for (unsigned i = 0; i < SEGMENTS_MAX; i++) {
		struct stat st;
		uint64_t salt;
		int fd = journal_open_segment(j, i, O_RDWR);

		if (fd >= 0 && file_fstat(fd, &st) == 0 && st.st_size == JOURNAL_SEGMENT &&
			fd_read_all(fd, head, sizeof head) == 0 && journal_segment_salt(head, &salt)) {
			atomic_store(&s->seg[i].salt, salt);
			atomic_store(&s->seg[i].seq, 1);
		}
		fd_close(fd);
	}
	if (!atomic_load(&s->seg[0].seq) && make_segment(j, 0) < 0)
		return err_temp(e, errno, "unable to create a segment in %s", j->home.p);
	return 0;
}

/* From here on earlier records do not count: what they held is in the queue, durable. */
static int begin(struct journal *j, uint64_t last, const char *boot, struct err *e)
{
	struct journal_state *s = j->s;
	struct buf fn = BUF_INIT, tmp = BUF_INIT;
	journal_pos from = JOURNAL_POS(last + 1, JOURNAL_HEAD);
	struct journal_record mark = {.type = JOURNAL_CHECKPOINT, .id = from, .when = (uint64_t)clock_now()};
	int r = -1;

	if (find_segments(j, e) < 0)
		return -1;
	atomic_store(&s->max, segments_max());
	atomic_store(&s->seg[0].seq, last + 1);
	atomic_store(&s->tail, from);
	if (journal_write(j, &mark, NULL, true, e) != 1)
		return -1;
	atomic_store(&s->keep, from);
	memcpy(s->boot, boot, strlen(boot) + 1);
	memcpy(s->magic, magic, sizeof magic);
	journal_name(j, "state", &fn);
	journal_name(j, "state.new", &tmp);
	r = file_rename(tmp.p, fn.p);
	if (r < 0)
		err_temp(e, errno, "unable to rename %s", tmp.p);
	buf_free(&fn);
	buf_free(&tmp);
	return r;
}

/* What the segments held is in the queue, but they cannot say so: they must not be there at the next start. */
static void remove_segments(const struct journal *j)
{
	struct buf fn = BUF_INIT;

	for (unsigned i = 0; i < SEGMENTS_MAX; i++) {
		segment_name(j, i, &fn);
		file_unlink(fn.p);
	}
	buf_free(&fn);
}

static int open_lock(struct journal *j, bool make)
{
	struct buf fn = BUF_INIT;

	journal_name(j, "lock", &fn);
	int fd = file_open(fn.p, O_RDWR | (make ? O_CREAT : 0), 0600);

	if (fd < 0 && errno == ENOENT && make) {
		journal_name(j, "", &fn);
		if (file_mkdir(fn.p, 0700) == 0) {
			journal_name(j, "lock", &fn);
			fd = file_open(fn.p, O_RDWR | O_CREAT, 0600);
		}
	}
	buf_free(&fn);
	return fd;
}

/* First of this run of the machine: put back what the last one left.  Others wait meanwhile. */
static int revive(struct journal *j, const char *boot, unsigned *restored, struct err *e)
{
	uint64_t last = 1;
	int lock = open_lock(j, true), r = -1;

	if (lock < 0 || lock_exclusive(lock) < 0) {
		err_temp(e, errno, "unable to lock %s", j->home.p);
		fd_close(lock);
		return -1;
	}
	j->s = map_state(j, boot);
	if (j->s) {
		r = 0;
	} else if ((j->s = new_state(j, e))) {
		r = journal_replay(j, &last, restored, e);
		if (r == 0 && (r = begin(j, last, boot, e)) < 0)
			remove_segments(j);
		if (r < 0) {
			share_end(j->s, sizeof *j->s);
			j->s = NULL;
		}
	}
	fd_close(lock);
	return r;
}

/* Only who waits for the disk has something to gain. */
static bool wanted(void)
{
	long on = 1;

	conf_int(CONF_QUEUE_JOURNAL, &on, NULL);
	return on && (conf_enabled(CONF_USE_FSYNC) || conf_on(CONF_USE_FDATASYNC));
}

static bool on_disk(const char *dir)
{
	long on = 1;

	conf_int(CONF_QUEUE_JOURNAL, &on, NULL);
	return on > 1 || !file_in_memory(dir);
}

/* A collection's journal lies beside its queues, if its scheduler made one and it is on their file system. */
static bool has_common(const struct journal *j)
{
	const char *name = layout_qname(j->dir.p);
	struct stat queue, home;
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/../journal", j->dir.p);
	bool r = !strchr(name, '/') && file_stat(j->dir.p, &queue) == 0 && file_stat(fn.p, &home) == 0 &&
		S_ISDIR(home.st_mode) && home.st_uid == queue.st_uid && home.st_dev == queue.st_dev;
	buf_free(&fn);
	return r;
}

static void set_home(struct journal *j, bool common)
{
	j->common = common;
	buf_clear(&j->home);
	buf_fmt(&j->home, common ? "%s/../journal" : "%s/journal", j->dir.p);
}

static struct journal *new_handle(const char *dir)
{
	struct journal *j = mem_alloc(sizeof *j);

	buf_init(&j->dir);
	buf_init(&j->home);
	buf_adds(&j->dir, dir);
	return j;
}

static void detach(struct journal *j)
{
	if (j->s)
		share_end(j->s, sizeof *j->s);
	j->s = NULL;
}

static void free_handle(struct journal *j)
{
	detach(j);
	buf_free(&j->dir);
	buf_free(&j->home);
	mem_free(j);
}

/* A collection may have got its journal a moment ago: then what this one has is let go. */
static void check_home(struct journal *j)
{
	time_t now = clock_now();

	if (j->common || now < j->checked)
		return;
	j->checked = now + RETRY;
	if (!has_common(j)) {
		set_home(j, false);
		return;
	}
	if (j->s)
		journal_round(j, true, NULL);
	detach(j);
	set_home(j, true);
	j->again = 0;
}

static struct journal *handle(const char *dir)
{
	struct journal *j = NULL;

	for (size_t i = 0; i < known.n && !j; i++)
		if (strcmp(known.p[i]->dir.p, dir) == 0)
			j = known.p[i];
	if (!j) {
		j = new_handle(dir);
		vec_push(&known, j);
	}
	check_home(j);
	return j;
}

void journal_queue(const struct journal *j, struct str name, struct buf *dir)
{
	buf_set(dir, buf_str(&j->dir));
	if (j->common)
		buf_fmt(dir, "/../%.*s", STR_FMT(name));
}

static int attach(struct journal *j, bool make, unsigned *restored, struct err *e)
{
	char boot[40];

	if (j->s)
		return 0;
	/* also what keeps the replay from wanting a journal itself */
	j->again = clock_now() + RETRY;
	if (!on_disk(j->dir.p))
		return make ? 0 : -1;
	if (!proc_boot(boot, sizeof boot))
		return err_temp(e, errno, "there is no boot id");
	j->s = map_state(j, boot);
	return j->s ? 0 : make ? revive(j, boot, restored, e) : -1;
}

struct journal *journal_attach(const char *dir, bool make)
{
	struct journal *j = handle(dir);
	unsigned restored = 0;

	if (!j->s && clock_now() < j->again)
		return NULL;
	return attach(j, make, &restored, NULL) == 0 && j->s ? j : NULL;
}

struct journal *journal_of(const char *dir)
{
	return wanted() ? journal_attach(dir, true) : NULL;
}

struct journal *journal_look(const char *dir)
{
	return journal_attach(dir, false);
}

static bool has_segments(const struct journal *j)
{
	struct buf fn = BUF_INIT;

	segment_name(j, 0, &fn);
	bool r = file_exists(fn.p);

	buf_free(&fn);
	return r;
}

bool journal_exists(const char *dir)
{
	return has_segments(handle(dir));
}

bool journal_own(const char *dir)
{
	const struct journal *j = journal_look(dir);

	return j && !j->common;
}

int journal_recover(const char *dir, unsigned *restored, struct err *e)
{
	struct journal *j = handle(dir);
	struct journal *old = new_handle(dir);
	int r = 0;

	*restored = 0;
	/* one that is not used any more may still hold messages */
	set_home(old, false);
	if (j->common && has_segments(old) && (r = attach(old, true, restored, e)) == 0 && old->s)
		r = journal_round(old, true, e);
	free_handle(old);
	if (r < 0 || !(wanted() || has_segments(j)))
		return r;
	unsigned more = 0;

	r = attach(j, true, &more, e);
	*restored += more;
	return r;
}

/* ---- appending ---- */

static int segment_of(const struct journal_state *s, uint64_t seq)
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
	int found = -1, r = 0, lock = open_lock(j, false);

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
		if (!atomic_load(&s->seg[i].seq) && make_segment(j, i) == 0)
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
	int i = segment_of(j->s, JOURNAL_SEQ(r->pos));

	*fd = i < 0 ? -1 : journal_open_segment(j, (unsigned)i, O_RDWR);
	if (*fd < 0)
		return err_code(e, 64, errno, "unable to open a segment of %s", j->home.p);
	journal_record_head(r, atomic_load(&j->s->seg[i].salt), head);
	struct iovec v[] = {{head, sizeof head}, {(char *)(size_t)r->env.p, r->env.n}, {(char *)(size_t)r->body.p, r->body.n},
		{(char *)(size_t)padding, n - sizeof head - r->env.n - r->body.n}};

	if (fd_write_parts_at(*fd, v, 4, JOURNAL_OFF(r->pos)) == 0)
		return 1;
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

/* Whoever is about to append does it first: as long as others are ready to run and do, the sync can serve more.  With
 * nobody there this is one call and no time. */
static void gather(const struct journal_state *s)
{
	journal_pos t;

	for (int i = 0; i < GATHER; i++) {
		t = atomic_load(&s->tail);
		proc_yield();
		if (atomic_load(&s->tail) == t)
			break;
	}
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

	if (done == 1 && sync_segment(j, &j->s->seg[segment_of(j->s, JOURNAL_SEQ(r->pos))], fd, e) < 0)
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
		r = journal_round(j, true, &e) == 1;
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

void journal_accepted(struct journal *j, uint64_t id)
{
	struct journal_entry *en = entry_mine(j->s, id, proc_pid());

	if (en)
		entry_change(en, id, ENTRY_ACCEPTING, 0, ENTRY_ACCEPTING, 0);
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
