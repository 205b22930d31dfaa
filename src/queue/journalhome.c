/* journalhome - where a journal is, and its files: state of this run of the machine, segments; attaching, beginning, replaying.
 * See journal.h and journalstate.h. */
#include "queue/journal.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"
#include "core/sys/rand.h"
#include "core/sys/share.h"
#include "queue/journalstate.h"
#include "queue/layout.h"

enum {
	RETRY = 10,		/* seconds before a journal that was not usable is looked at again */
	BLOCK = 65536,
};

static const char magic[8] = "IMJ-2\0\0";
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
int journal_make_segment(struct journal *j, unsigned i)
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

struct str journal_segment(struct journal *j, uint64_t seq, uint64_t *salt)
{
	int i = journal_segment_of(j->s, seq);

	if (i < 0)
		return STR("");
	if (!j->text[i]) {
		int fd = journal_open_segment(j, (unsigned)i, O_RDWR);

		if (fd >= 0)
			j->text[i] = share_file(fd, JOURNAL_SEGMENT);
		fd_close(fd);
	}
	*salt = atomic_load(&j->s->seg[i].salt);
	return j->text[i] ? str_make(j->text[i], JOURNAL_SEGMENT) : STR("");
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
	if (!atomic_load(&s->seg[0].seq) && journal_make_segment(j, 0) < 0)
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

int journal_lock(struct journal *j, bool make)
{
	struct buf fn = BUF_INIT;

	journal_name(j, "lock", &fn);
	int fd = file_open(fn.p, O_RDWR | (make ? O_CREAT : 0), 0600);

	if (fd < 0 && errno == ENOENT && make) {
		journal_name(j, "", &fn);
		/* many may find that there is none at the same moment */
		if (file_mkdir(fn.p, 0700) == 0 || errno == EEXIST) {
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
	int lock = journal_lock(j, true), r = -1;

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
	for (int i = 0; i < SEGMENTS_MAX; i++) {
		if (j->text[i])
			share_end((char *)(size_t)j->text[i], JOURNAL_SEGMENT);
		j->text[i] = NULL;
	}
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
		journal_round(j, ROUND_ALL, NULL);
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
		r = journal_round(old, ROUND_ALL, e);
	free_handle(old);
	if (r < 0 || !(wanted() || has_segments(j)))
		return r;
	unsigned more = 0;

	r = attach(j, true, &more, e);
	*restored += more;
	return r;
}
