/* prio - binary heap; see prio.h. */
#include "queue/prio.h"

#include "queue/idset.h"

void prio_add(struct prio *q, time_t when, uint64_t id)
{
	struct prio_item item = {when, id};
	size_t i = q->items.n;

	vec_push(&q->items, item);
	while (i > 0 && q->items.p[(i - 1) / 2].when > when) {
		q->items.p[i] = q->items.p[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	q->items.p[i] = item;
}

bool prio_min(const struct prio *q, struct prio_item *item)
{
	if (q->items.n == 0)
		return false;
	*item = q->items.p[0];
	return true;
}

/* Put an item where the subtree below i has a hole. */
static void sink(struct prio *q, size_t i, struct prio_item item)
{
	size_t n = q->items.n;

	for (;;) {
		size_t child = i * 2 + 1;

		if (child >= n)
			break;
		if (child + 1 < n && q->items.p[child + 1].when < q->items.p[child].when)
			child++;
		if (q->items.p[child].when >= item.when)
			break;
		q->items.p[i] = q->items.p[child];
		i = child;
	}
	q->items.p[i] = item;
}

void prio_drop_min(struct prio *q)
{
	struct prio_item last = q->items.p[--q->items.n];

	if (q->items.n)
		sink(q, 0, last);
}

void prio_hasten(struct prio *q, const struct idset *ids, time_t now)
{
	bool any = false;

	for (size_t i = 0; i < q->items.n; i++)
		if (q->items.p[i].when > now && idset_has(ids, q->items.p[i].id)) {
			q->items.p[i].when = now;
			any = true;
		}
	for (size_t i = any ? q->items.n / 2 : 0; i-- > 0; )
		sink(q, i, q->items.p[i]);
}

void prio_all_due(struct prio *q, time_t now)
{
	/* equal keys keep any order a heap: only later ones change */
	for (size_t i = 0; i < q->items.n; i++)
		if (q->items.p[i].when > now)
			q->items.p[i].when = now;
}
