/* prio - binary heap; see prio.h. */
#include "queue/prio.h"

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

void prio_drop_min(struct prio *q)
{
	size_t n = --q->items.n, i = 0;
	struct prio_item last = q->items.p[n];

	for (;;) {
		size_t child = i * 2 + 1;

		if (child >= n)
			break;
		if (child + 1 < n && q->items.p[child + 1].when < q->items.p[child].when)
			child++;
		if (q->items.p[child].when >= last.when)
			break;
		q->items.p[i] = q->items.p[child];
		i = child;
	}
	if (n)
		q->items.p[i] = last;
}

void prio_all_due(struct prio *q, time_t now)
{
	/* equal keys keep any order a heap: only later ones change */
	for (size_t i = 0; i < q->items.n; i++)
		if (q->items.p[i].when > now)
			q->items.p[i].when = now;
}
