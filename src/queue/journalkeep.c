/* journalkeep - the keeper: syncs the file system now and then, after which what was finished before needs no record,
 * and says so in the log.  See journal.h. */
#include <errno.h>

#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/futex.h"
#include "core/sys/idle.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"
#include "queue/journalstate.h"

enum {
	LISTED_MAX = (JOURNAL_SPARE - JOURNAL_HEAD) / 2 / 8,	/* positions of a checkpoint in a segment's last bytes */
	MOMENT_MS = 1000,	/* after which memory is given back */
	IDLE_MS = 60000,
	OLD_MS = 60000,		/* messages that wait longer in the queue do so without a record */
	LOOSE_MS = 3000,	/* messages that wait longer for the end of their first attempt do so with files ... */
	PRESSED_MS = 200,	/* ... and when room is needed */
};

struct seen {
	uint32_t i;
	uint64_t key;
};

/* What a round has found.  Several may run at once: each changes only what is still as it was seen. */
struct round {
	VEC(struct seen) ended;	/* entries to be freed */
	VEC(struct seen) idle;	/* entries whose records may be let go: nobody works on their messages */
	journal_pos keep;	/* records before it do not count after this round */
};

static bool dead(pid_t pid)
{
	return pid <= 0 || (proc_kill(pid, 0) < 0 && errno == ESRCH);
}

static void look(const struct journal_state *s, bool force, struct round *r)
{
	r->keep = atomic_load(&s->tail);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const struct journal_entry *en = &s->entry[i];
		uint64_t k = atomic_load(&en->key);

		if (!k || !entry_id(k))
			continue;
		/* what nobody will complete was never acknowledged */
		bool accepting = k & ENTRY_ACCEPTING && !(force && dead(atomic_load(&en->pid)));

		if (k & ENTRY_ENDED && !accepting) {
			vec_push(&r->ended, ((struct seen){i, k}));
			continue;
		}
		if (k & ENTRY_RETIRED)
			continue;
		if (force && !accepting && !(k & ENTRY_LOOSE)) {
			vec_push(&r->idle, ((struct seen){i, k}));
			continue;
		}
		journal_pos pos = atomic_load(&en->pos);

		if (pos < r->keep)
			r->keep = pos;
	}
}

/* Everything is durable: let go what is idle, unless a delivery has come to rely on it meanwhile. */
static void let_go(struct journal_state *s, struct round *r)
{
	for (size_t i = 0; i < r->idle.n; i++) {
		struct journal_entry *en = &s->entry[r->idle.p[i].i];
		uint64_t k = r->idle.p[i].key;
		journal_pos pos = atomic_load(&en->pos);
		bool gone = k & ENTRY_SHARED ?
			atomic_compare_exchange_strong(&en->key, &k, (k & ~(uint64_t)ENTRY_ACCEPTING) | ENTRY_RETIRED) :
			atomic_compare_exchange_strong(&en->key, &k, 0);

		if (!gone && pos < r->keep)
			r->keep = pos;
	}
}

/* Free the ended entries; the positions that still lie in the part that counts go into list. */
static void free_ended(struct journal_state *s, struct round *r, struct buf *list)
{
	for (size_t i = 0; i < r->ended.n; i++) {
		struct journal_entry *en = &s->entry[r->ended.p[i].i];
		journal_pos pos = atomic_load(&en->pos);
		uint64_t k = r->ended.p[i].key;
		char p[8];

		if (!atomic_compare_exchange_strong(&en->key, &k, 0) || pos < r->keep)
			continue;
		journal_pos_pack(pos, p);
		buf_put(list, p, sizeof p);
	}
}

/* The checkpoint; when there is room for few positions only, the others are delivered again after a crash. */
static int note(struct journal *j, const struct round *r, struct buf *list, struct err *e)
{
	struct journal_record mark = {.type = JOURNAL_CHECKPOINT, .id = r->keep, .when = (uint64_t)clock_now(),
		.env = buf_str(list)};
	int done = journal_write(j, &mark, NULL, false, e);

	if (done == 0) {
		mark.env = str_to(mark.env, (size_t)LISTED_MAX * 8);
		done = journal_write(j, &mark, NULL, true, e);
	}
	if (done < 0)
		return -1;
	if (done == 0)
		return err_code(e, 64, ENOSPC, "%s is full", j->home.p);
	/* when nothing else counts the checkpoint itself does not either */
	journal_pos keep = r->keep == mark.pos ? mark.pos + journal_record_size(&mark) : r->keep;
	journal_pos before = atomic_load(&j->s->keep);

	while (keep > before && !atomic_compare_exchange_weak(&j->s->keep, &before, keep))
		;
	return 1;
}

int journal_round(struct journal *j, enum journal_force force, struct err *e)
{
	static const uint32_t age[] = {LOOSE_MS, PRESSED_MS, 0};
	struct round r = {0};
	struct buf list = BUF_INIT;
	int done = 0;

	loose_file_old(j, age[force]);
	look(j->s, force != ROUND_USUAL, &r);
	if (!r.ended.n && !r.idle.n && r.keep == atomic_load(&j->s->keep))
		goto out;
	if (file_sync_all(j->home.p) < 0) {
		done = err_code(e, 64, errno, "unable to sync the file system of %s", j->home.p);
		goto out;
	}
	let_go(j->s, &r);
	free_ended(j->s, &r, &list);
	done = note(j, &r, &list, e);
	atomic_fetch_add(&j->s->rounds, 1);
out:
	vec_free(&r.ended);
	vec_free(&r.idle);
	buf_free(&list);
	return done;
}

/* Nothing has left the journal for long, though it holds something: mail that waits, or that nobody knows the end of. */
static bool stands(const struct journal_state *s)
{
	static journal_pos seen;
	static long long since;
	journal_pos keep = atomic_load(&s->keep);

	if (keep != seen || !since) {
		seen = keep;
		since = clock_mono_ms();
	}
	return keep != atomic_load(&s->tail) && clock_mono_ms() - since > OLD_MS;
}

/* More than half of the journal is in use. */
static bool filling(const struct journal_state *s)
{
	uint64_t used = JOURNAL_SEQ(atomic_load(&s->tail)) - JOURNAL_SEQ(atomic_load(&s->keep)) + 1;

	return used * 2 > atomic_load(&s->max);
}

/* Sleep until somebody has done something. */
static void rest(struct journal_state *s, uint32_t seen, const volatile sig_atomic_t *stop)
{
	atomic_store(&s->asleep, 1);
	if (atomic_load(&s->events) == seen)
		futex_wait(&s->asleep, 1, MOMENT_MS);
	if (atomic_load(&s->events) == seen && !*stop) {
		idle_release();
		futex_wait(&s->asleep, 1, IDLE_MS);
	}
	atomic_store(&s->asleep, 0);
}

static void nap(const struct journal_state *s, const volatile sig_atomic_t *stop)
{
	long ms = 300;

	conf_int(CONF_JOURNAL_INTERVAL, &ms, NULL);
	for (long long end = clock_mono_ms() + ms; !*stop && clock_mono_ms() < end && !filling(s); )
		clock_nap_ms(ms < 20 ? ms : 20);
}

void journal_keep(const char *dir, const volatile sig_atomic_t *stop)
{
	struct journal *j = journal_look(dir);
	struct buf fn = BUF_INIT;
	int r;

	if (!j)
		return;
	journal_name(j, "keeper", &fn);
	int fd = file_open(fn.p, O_RDWR | O_CREAT, 0600);

	buf_free(&fn);
	while (fd >= 0 && lock_exclusive(fd) < 0)
		if (errno != EINTR || *stop)
			break;
	while (!*stop && !atomic_load(&j->s->broken)) {
		nap(j->s, stop);
		uint32_t seen = atomic_load(&j->s->events);

		r = journal_round(j, filling(j->s) || stands(j->s) ? ROUND_PRESSED : ROUND_USUAL, NULL);
		if (r < 0)
			clock_nap_ms(1000);
		else if (r == 0 && !*stop && !loose_waits(j))
			rest(j->s, seen, stop);
	}
	journal_round(j, ROUND_ALL, NULL);
	fd_close(fd);
}

int journal_flush(const char *dir, struct err *e)
{
	struct journal *j = journal_look(dir);

	return j && journal_round(j, ROUND_ALL, e) < 0 ? -1 : 0;
}
