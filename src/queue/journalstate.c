/* journalstate - the table of messages; see journalstate.h. */
#include "queue/journalstate.h"

#include "core/sys/clock.h"

static size_t place(uint64_t id, unsigned probe)
{
	return (size_t)(((id * 0x9e3779b97f4a7c15u) >> 40) + probe) % ENTRIES;
}

struct journal_entry *entry_find(struct journal_state *s, uint64_t id)
{
	for (unsigned i = 0; i < PROBES; i++) {
		struct journal_entry *en = &s->entry[place(id, i)];
		uint64_t k = atomic_load(&en->key);

		if (k && entry_id(k) == id && !(k & ENTRY_ENDED))
			return en;
	}
	return NULL;
}

struct journal_entry *entry_mine(struct journal_state *s, uint64_t id, pid_t pid)
{
	for (unsigned i = 0; i < PROBES; i++) {
		struct journal_entry *en = &s->entry[place(id, i)];
		uint64_t k = atomic_load(&en->key);

		if (k && entry_id(k) == id && k & ENTRY_ACCEPTING && atomic_load(&en->pid) == (int32_t)pid)
			return en;
	}
	return NULL;
}

/* A free entry, or one of an earlier message of this number that has ended: with the entry gone nobody tells the log of its
 * end, so that it may come again after a crash, but what it left is durable before its record is let go. */
static struct journal_entry *take(struct journal_state *s, uint64_t id, bool free)
{
	for (unsigned i = 0; i < PROBES; i++) {
		struct journal_entry *en = &s->entry[place(id, i)];
		uint64_t k = atomic_load(&en->key);

		if ((free ? k == 0 : entry_id(k) == id && k & ENTRY_ENDED && !(k & ENTRY_ACCEPTING)) &&
			atomic_compare_exchange_strong(&en->key, &k, ENTRY_ENDED | ENTRY_ACCEPTING))
			return en;
	}
	return NULL;
}

struct journal_entry *entry_add(struct journal_state *s, uint64_t id, journal_pos pos, pid_t pid)
{
	struct journal_entry *en = entry_find(s, id);

	/* a leftover of this number: its message is long gone, its record may go with it */
	if (en)
		atomic_fetch_or(&en->key, ENTRY_ENDED);
	en = take(s, id, true);
	if (!en)
		en = take(s, id, false);
	if (!en)
		return NULL;
	/* whoever sees the key must find a place that is early enough */
	atomic_store(&en->pid, (int32_t)pid);
	atomic_store(&en->pos, pos);
	atomic_store(&en->born, (uint32_t)clock_mono_ms());
	atomic_store(&en->key, id << ENTRY_BITS | ENTRY_ACCEPTING);
	return en;
}

bool entry_change(struct journal_entry *en, uint64_t id, unsigned must, unsigned must_not, unsigned clear, unsigned set)
{
	uint64_t k = atomic_load(&en->key);

	do {
		if (entry_id(k) != id || (k & must) != must || k & must_not)
			return false;
	} while (!atomic_compare_exchange_weak(&en->key, &k, (k & ~(uint64_t)clear) | set));
	return true;
}
