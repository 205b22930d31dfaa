/* loose - messages that are in the journal only; see loose.h. */
#include "queue/loose.h"

#include <errno.h>

#include "core/sys/clock.h"
#include "core/sys/proc.h"
#include "queue/journalstate.h"
#include "queue/numbers.h"
#include "queue/put.h"
#include "queue/trigger.h"

enum { PATIENCE_MS = 2000 /* for somebody who writes its files */ };

/* The entry of a loose message, NULL none; its key goes to *key. */
static struct journal_entry *find(struct journal *j, uint64_t id, uint64_t *key)
{
	struct journal_entry *en = j ? entry_find(j->s, id) : NULL;

	*key = en ? atomic_load(&en->key) : 0;
	return entry_id(*key) == id && *key & ENTRY_LOOSE && !(*key & ENTRY_ENDED) ? en : NULL;
}

/* The record of an entry.  Its views stay what they are as long as the message is loose: whoever has used them asks again. */
static bool view(struct journal *j, const struct journal_entry *en, struct journal_record *rec)
{
	journal_pos pos = atomic_load(&en->pos);
	uint64_t salt = 0;
	struct str text = journal_segment(j, JOURNAL_SEQ(pos), &salt);

	return text.n && journal_record_read(text, JOURNAL_OFF(pos), salt, rec) && rec->type == JOURNAL_MESSAGE;
}

bool loose_has(const char *dir, uint64_t id)
{
	uint64_t key;

	return find(journal_look(dir), id, &key) != NULL;
}

bool loose_read(const char *dir, uint64_t id, struct buf *env, struct buf *body, uint64_t *size)
{
	struct journal *j = journal_look(dir);
	struct journal_record rec;
	uint64_t key;
	struct journal_entry *en = find(j, id, &key);

	if (!en || !view(j, en, &rec) || rec.id != id)
		return false;
	str_cut(&rec.env, 0);
	if (env)
		buf_set(env, rec.env);
	if (body)
		buf_set(body, rec.body);
	if (size)
		*size = rec.body.n;
	/* as long as it is loose nobody writes where its record lies */
	return find(j, id, &key) == en;
}

/* Become the one who writes the files: 1, 0 the message is not loose, -1 somebody else does, for too long. */
static int begin(struct journal *j, uint64_t id, struct journal_entry **found)
{
	long long end = clock_mono_ms() + PATIENCE_MS;
	uint64_t key;

	for (;;) {
		struct journal_entry *en = find(j, id, &key);

		if (!en)
			return 0;
		int32_t filer = atomic_load(&en->pid);

		*found = en;
		if (!(key & ENTRY_FILING)) {
			if (entry_change(en, id, ENTRY_LOOSE, ENTRY_ENDED | ENTRY_FILING, 0, ENTRY_FILING)) {
				atomic_store(&en->pid, (int32_t)proc_pid());
				return 1;
			}
		} else if (filer > 0 && proc_kill(filer, 0) < 0 && errno == ESRCH &&
			atomic_compare_exchange_strong(&en->pid, &filer, (int32_t)proc_pid())) {
			return 1;
		} else if (clock_mono_ms() > end) {
			return -1;
		} else {
			clock_nap_ms(2);
		}
	}
}

/* dir becomes the queue's. */
static int write_files(struct journal *j, const struct journal_entry *en, struct buf *dir, struct err *e)
{
	struct journal_record rec;

	if (!view(j, en, &rec))
		return err_temp(e, EIO, "unable to read a record of %s", j->home.p);
	journal_queue(j, str_cut(&rec.env, 0), dir);
	return put_files(dir->p, rec.id, rec.env, rec.body, e);
}

/* pull: whoever preprocesses the queue may not know of it. */
static int file(struct journal *j, uint64_t id, bool pull, struct err *e)
{
	struct journal_entry *en;
	struct buf dir = BUF_INIT;
	int r = begin(j, id, &en);

	if (r < 0)
		return err_temp(e, EBUSY, "unable to write the files of message %llu", (unsigned long long)id);
	if (r == 0)
		return 0;
	r = write_files(j, en, &dir, e);
	entry_change(en, id, ENTRY_FILING, 0, ENTRY_FILING | (r == 0 ? ENTRY_LOOSE : 0), 0);
	if (r == 0 && pull)
		trigger_pull(dir.p, id);
	buf_free(&dir);
	return r;
}

int loose_file(const char *dir, uint64_t id, struct err *e)
{
	struct journal *j = journal_look(dir);

	return j ? file(j, id, false, e) : 0;
}

int loose_done(const char *dir, uint64_t id)
{
	struct journal *j = journal_look(dir);
	uint64_t key;
	struct journal_entry *en = find(j, id, &key);

	if (!en)
		return 0;
	if (!entry_change(en, id, ENTRY_LOOSE, ENTRY_FILING | ENTRY_ENDED, ENTRY_LOOSE, ENTRY_ENDED)) {
		file(j, id, false, NULL);
		return 0;
	}
	numbers_give(dir, id);
	journal_poke(j);
	return 1;
}

/* Call each for the loose messages of queue q, NULL of all, that are older than so many milliseconds. */
static int walk(struct journal *j, const char *q, uint32_t ms, int (*each)(struct journal *j, uint64_t id, void *arg), void *arg)
{
	uint32_t now = (uint32_t)clock_mono_ms();
	struct journal_record rec;
	int r = 0;

	for (uint32_t i = 0; i < ENTRIES; i++) {
		const struct journal_entry *en = &j->s->entry[i];
		uint64_t key = atomic_load(&en->key);

		if (!(key & ENTRY_LOOSE) || key & ENTRY_ENDED || now - atomic_load(&en->born) < ms)
			continue;
		if (!q || (view(j, en, &rec) && rec.id == entry_id(key) && str_eq(str_cut(&rec.env, 0), str_z(q))))
			r |= each(j, entry_id(key), arg);
	}
	return r;
}

static int tell(struct journal *j, uint64_t id, void *arg)
{
	void (**found)(uint64_t id) = arg;

	(void)j;
	(*found)(id);
	return 0;
}

void loose_each(const char *dir, const char *q, void (*found)(uint64_t id))
{
	struct journal *j = journal_look(dir);

	if (j)
		walk(j, q, 0, tell, &found);
}

static int file_one(struct journal *j, uint64_t id, void *arg)
{
	return file(j, id, false, arg);
}

int loose_file_all(const char *dir, const char *q, struct err *e)
{
	struct journal *j = journal_look(dir);

	return j ? walk(j, q, 0, file_one, e) : 0;
}

static int file_old(struct journal *j, uint64_t id, void *arg)
{
	(void)arg;
	return file(j, id, true, NULL);
}

void loose_file_old(struct journal *j, uint32_t ms)
{
	walk(j, NULL, ms, file_old, NULL);
}

static int any(struct journal *j, uint64_t id, void *arg)
{
	(void)j;
	(void)id;
	(void)arg;
	return 1;
}

bool loose_waits(struct journal *j)
{
	return walk(j, NULL, 0, any, NULL) != 0;
}
