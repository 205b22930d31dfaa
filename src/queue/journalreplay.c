/* journalreplay - after a crash of the machine: what the journal holds and the queue may have lost goes back into the
 * queue.  See journal.h.  Nobody else writes the queue meanwhile: submitters wait for the journal. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "queue/journalstate.h"
#include "queue/layout.h"
#include "queue/put.h"

/* One record that counts: where, and whose. */
struct found {
	journal_pos pos;
	uint64_t id;
	unsigned seg;
	bool newest;	/* no later record has its number: what the queue has under it may be this message */
};

/* A message that was put back. */
struct stored {
	uint64_t id;
	char *dir;
};

struct replay {
	struct journal *j;
	struct layout lay;
	VEC(struct found) messages;
	VEC(struct stored) stored;
	struct buf dir;		/* the queue of the message at hand */
	VEC(journal_pos) ended;
	journal_pos keep;
	uint64_t last;
	unsigned seg;		/* the one being read, whole in text */
	char *text;
	uint64_t salt;
};

static int by_pos(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->pos < y->pos ? -1 : x->pos > y->pos;
}

static int by_id(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->id == y->id ? by_pos(a, b) : x->id < y->id ? -1 : 1;
}

static int by_number(const void *a, const void *b)
{
	const journal_pos *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Bring a segment into memory: 1, 0 there is no such segment, -1 unreadable. */
static int load(struct replay *r, unsigned i)
{
	int fd = journal_open_segment(r->j, i, O_RDONLY);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	int got = fd_read_all(fd, r->text, JOURNAL_SEGMENT), num = errno;

	fd_close(fd);
	errno = num;
	if (got < 0)
		return num == EPIPE ? 0 : -1;
	r->seg = i;
	return journal_segment_salt(r->text, &r->salt);
}

static void take_checkpoint(struct replay *r, const struct journal_record *rec)
{
	if (rec->id > r->keep)
		r->keep = rec->id;
	for (struct str list = rec->env; list.n >= 8; list = str_from(list, 8))
		vec_push(&r->ended, journal_pos_unpack(list.p));
}

/* All records of the loaded segment, whatever their age. */
static void survey(struct replay *r)
{
	struct str text = str_make(r->text, JOURNAL_SEGMENT);
	struct journal_record rec;

	for (uint32_t off = JOURNAL_HEAD; off < JOURNAL_SEGMENT; ) {
		if (!journal_record_read(text, off, r->salt, &rec)) {
			off += JOURNAL_HEAD;
			continue;
		}
		off += journal_record_size(&rec);
		if (JOURNAL_SEQ(rec.pos) > r->last)
			r->last = JOURNAL_SEQ(rec.pos);
		if (rec.type == JOURNAL_CHECKPOINT)
			take_checkpoint(r, &rec);
		else if (rec.type == JOURNAL_MESSAGE)
			vec_push(&r->messages, ((struct found){rec.pos, rec.id, r->seg, false}));
	}
}

static bool has_ended(const struct replay *r, journal_pos pos)
{
	return r->ended.n && bsearch(&pos, r->ended.p, r->ended.n, sizeof pos, by_number);
}

static const char *path(const struct replay *r, enum part part, uint64_t id, struct buf *fn)
{
	buf_set(fn, buf_str(&r->dir));
	buf_addc(fn, '/');
	layout_path(&r->lay, part, id, fn);
	return fn->p;
}

/* Whose message is it?  A queue that is gone leaves its messages to this one.  The rest of env is the envelope. */
static struct str enter_queue(struct replay *r, struct str env)
{
	struct str name = str_cut(&env, 0);
	struct buf fn = BUF_INIT;

	journal_queue(r->j, name, &r->dir);
	buf_fmt(&fn, "%s/mess", r->dir.p);
	if (!name.n || str_chr(name, '/') < name.n || !file_exists(fn.p))
		buf_set(&r->dir, buf_str(&r->j->dir));
	buf_free(&fn);
	return env;
}

/* How a file of the queue compares with what it should hold. */
enum state { MISSING, OTHER, DAMAGED, WHOLE };

static enum state compare(const char *fn, struct str want)
{
	struct buf b = BUF_INIT;
	enum state s = OTHER;

	if (file_slurp(fn, &b, want.n) < 0) {
		s = errno == ENOENT ? MISSING : OTHER;
	} else if (str_eq(buf_str(&b), want)) {
		s = WHOLE;
	} else {
		/* a crash leaves a file too short, or zeros in it */
		s = DAMAGED;
		for (size_t i = 0; i < b.n && s == DAMAGED; i++)
			if (b.p[i] && b.p[i] != want.p[i])
				s = OTHER;
	}
	buf_free(&b);
	return s;
}

/* 0 also when it is not there. */
static int sync_name(const char *fn, struct err *e)
{
	int fd = file_open(fn, O_RDONLY, 0), r = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_temp(e, errno, "unable to open %s", fn);
	if (file_sync(fd) < 0)
		r = err_temp(e, errno, "unable to sync %s", fn);
	fd_close(fd);
	return r;
}

/* The message is in the queue, classified or not: make that durable. */
static int confirm(const struct replay *r, uint64_t id, struct err *e)
{
	static const enum part parts[] = {Q_MESS, Q_TODO, Q_INFO, Q_LOCAL, Q_REMOTE};
	struct buf fn = BUF_INIT;
	int done = 0;

	for (size_t i = 0; done == 0 && i < sizeof parts / sizeof *parts; i++)
		done = sync_name(path(r, parts[i], id, &fn), e);
	buf_free(&fn);
	return done;
}

/* What the crash has left of it goes: the names that make it a message first. */
static int clear_away(const struct replay *r, uint64_t id, struct err *e)
{
	static const enum part parts[] = {Q_TODO, Q_INFO, Q_LOCAL, Q_REMOTE, Q_BOUNCE, Q_INTD, Q_MESS};
	struct buf fn = BUF_INIT;
	int done = 0;

	for (size_t i = 0; done == 0 && i < sizeof parts / sizeof *parts; i++)
		if (file_unlink(path(r, parts[i], id, &fn)) < 0 && errno != ENOENT)
			done = err_temp(e, errno, "unable to remove %s", fn.p);
	buf_free(&fn);
	return done;
}

/* What the queue has under the number of a record: nothing that counts (without a name in todo or info it is no message,
 * perhaps somebody is writing it), another message, this one damaged, this one. */
static enum state look(const struct replay *r, uint64_t id, struct str env, struct str body)
{
	struct buf fn = BUF_INIT;
	enum state mess = compare(path(r, Q_MESS, id, &fn), body), todo = compare(path(r, Q_TODO, id, &fn), env);
	bool info = file_exists(path(r, Q_INFO, id, &fn));

	buf_free(&fn);
	if (mess == MISSING || mess == OTHER || (todo == MISSING && !info))
		return mess == OTHER ? OTHER : MISSING;
	return mess == WHOLE && (todo == WHOLE || todo == MISSING) ? WHOLE : DAMAGED;
}

static int put_back(struct replay *r, const struct journal_record *rec, bool newest, struct err *e)
{
	struct stored new;
	struct str env = enter_queue(r, rec->env);
	enum state there = newest ? look(r, rec->id, env, rec->body) : MISSING;

	if (there == WHOLE)
		return confirm(r, rec->id, e);
	if (there == DAMAGED && clear_away(r, rec->id, e) < 0)
		return -1;
	if (put_store(r->dir.p, env, rec->body, &new.id, e) < 0)
		return -1;
	new.dir = mem_copy(r->dir.p, r->dir.n);
	vec_push(&r->stored, new);
	return 0;
}

/* Keep only what counts, in the order in which it was written. */
static void sift(struct replay *r)
{
	size_t n = 0;

	if (r->ended.n)
		qsort(r->ended.p, r->ended.n, sizeof *r->ended.p, by_number);
	for (size_t i = 0; i < r->messages.n; i++)
		if (r->messages.p[i].pos >= r->keep && !has_ended(r, r->messages.p[i].pos))
			r->messages.p[n++] = r->messages.p[i];
	r->messages.n = n;
	if (!n)
		return;
	qsort(r->messages.p, n, sizeof *r->messages.p, by_id);
	for (size_t i = 0; i < n; i++)
		r->messages.p[i].newest = i + 1 == n || r->messages.p[i + 1].id != r->messages.p[i].id;
	qsort(r->messages.p, n, sizeof *r->messages.p, by_pos);
}

static int put_all_back(struct replay *r, struct err *e)
{
	struct str text = str_make(r->text, JOURNAL_SEGMENT);

	for (size_t i = 0; i < r->messages.n; i++) {
		const struct found *f = &r->messages.p[i];
		struct journal_record rec;

		if (f->seg != r->seg && load(r, f->seg) != 1)
			return err_temp(e, errno, "unable to read segment %u of %s", f->seg, r->j->home.p);
		if (journal_record_read(text, JOURNAL_OFF(f->pos), r->salt, &rec) && put_back(r, &rec, f->newest, e) < 0)
			return -1;
	}
	return file_sync_all(r->j->home.p) < 0 ? err_temp(e, errno, "unable to sync the file system of %s", r->j->home.p) : 0;
}

/* All or none: what cannot be finished is tried again as a whole, and nothing may be in the queue twice by then. */
static int restore(struct replay *r, struct err *e)
{
	size_t done = 0;
	int ok = put_all_back(r, e);

	while (ok == 0 && done < r->stored.n && put_release(r->stored.p[done].dir, r->stored.p[done].id, e) == 0)
		done++;
	if (ok == 0 && done == r->stored.n && file_sync_all(r->j->home.p) == 0)
		return 0;
	for (size_t i = 0; i < r->stored.n; i++)
		put_withdraw(r->stored.p[i].dir, r->stored.p[i].id);
	return ok < 0 || done < r->stored.n ? -1 :
		err_temp(e, errno, "unable to sync the file system of %s", r->j->home.p);
}

int journal_replay(struct journal *j, uint64_t *last, unsigned *restored, struct err *e)
{
	struct replay r = {.j = j, .lay = layout_conf(), .last = 1, .text = mem_alloc(JOURNAL_SEGMENT),
		.dir = BUF_INIT};
	int done = 0;

	for (unsigned i = 0; done == 0 && i < SEGMENTS_MAX; i++) {
		int there = load(&r, i);

		if (there < 0)
			done = err_temp(e, errno, "unable to read segment %u of %s", i, j->home.p);
		else if (there)
			survey(&r);
	}
	sift(&r);
	if (done == 0 && r.messages.n)
		done = restore(&r, e);
	if (done == 0)
		*restored = (unsigned)r.stored.n;
	*last = r.last;
	for (size_t i = 0; i < r.stored.n; i++)
		mem_free(r.stored.p[i].dir);
	buf_free(&r.dir);
	mem_free(r.text);
	vec_free(&r.messages);
	vec_free(&r.stored);
	vec_free(&r.ended);
	return done;
}
