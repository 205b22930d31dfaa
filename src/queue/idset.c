/* idset - open addressing with backward-shift deletion; see idset.h. */
#include "queue/idset.h"

#include "core/base/mem.h"

static size_t home(const struct idset *s, uint64_t id)
{
	return (size_t)((id * 11400714819323198485u) >> 20) & (s->size - 1);
}

static size_t slot(const struct idset *s, uint64_t id)
{
	size_t i = home(s, id);

	while (s->slots[i] && s->slots[i] != id)
		i = (i + 1) & (s->size - 1);
	return i;
}

bool idset_has(const struct idset *s, uint64_t id)
{
	return s->used && s->slots[slot(s, id)] == id;
}

void idset_add(struct idset *s, uint64_t id)
{
	if (s->used * 2 >= s->size) {
		struct idset old = *s;

		s->size = old.size ? old.size * 2 : 64;
		s->slots = mem_alloc(s->size * sizeof *s->slots);
		for (size_t i = 0; i < old.size; i++)
			if (old.slots[i])
				s->slots[slot(s, old.slots[i])] = old.slots[i];
		mem_free(old.slots);
	}
	size_t i = slot(s, id);

	if (!s->slots[i])
		s->used++;
	s->slots[i] = id;
}

void idset_del(struct idset *s, uint64_t id)
{
	if (!idset_has(s, id))
		return;
	size_t hole = slot(s, id);

	for (size_t i = (hole + 1) & (s->size - 1); s->slots[i]; i = (i + 1) & (s->size - 1)) {
		size_t h = home(s, s->slots[i]);

		/* may the entry at i move back to the hole?  not when its home lies behind the hole */
		if (((i - h) & (s->size - 1)) < ((i - hole) & (s->size - 1)))
			continue;
		s->slots[hole] = s->slots[i];
		hole = i;
	}
	s->slots[hole] = 0;
	s->used--;
}

void idset_free(struct idset *s)
{
	mem_free(s->slots);
	*s = (struct idset){0};
}
