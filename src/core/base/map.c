/* map - open addressing, grown at half full; see map.h. */
#include "core/base/map.h"

#include <stdint.h>

#include "core/base/mem.h"

struct map_slot {
	struct str key, value;
	bool used;
};

static size_t hash(struct str s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)chr_lower(s.p[i])) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

static struct map_slot *slot_of(const struct map *m, struct str key)
{
	size_t i = hash(key) & (m->size - 1);

	while (m->slots[i].used && !str_ieq(m->slots[i].key, key))
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->size = old.size ? old.size * 2 : 16;
	m->slots = mem_alloc(m->size * sizeof *m->slots);
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].used)
			*slot_of(m, old.slots[i].key) = old.slots[i];
	mem_free(old.slots);
}

void map_put(struct map *m, struct str key, struct str value)
{
	if (m->used * 2 >= m->size)
		grow(m);
	struct map_slot *s = slot_of(m, key);

	if (s->used)
		return;
	*s = (struct map_slot){key, value, true};
	m->used++;
}

bool map_get(const struct map *m, struct str key, struct str *value)
{
	if (!m->size)
		return false;
	const struct map_slot *s = slot_of(m, key);

	if (s->used && value)
		*value = s->value;
	return s->used;
}

void map_free(struct map *m)
{
	mem_free(m->slots);
	*m = (struct map){0};
}
