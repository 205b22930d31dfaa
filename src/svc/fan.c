/* fan - one stream for many readers; see fan.h. */
#include "svc/fan.h"

size_t fan_room(const struct fan *f, const struct fan_reader *const *readers, size_t n)
{
	uint64_t used = 0;

	for (size_t i = 0; i < n; i++)
		if (!readers[i]->slow && f->head - readers[i]->pos > used)
			used = f->head - readers[i]->pos;
	return FAN_SIZE - (size_t)used;
}

void fan_put(struct fan *f, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		f->ring[f->head++ % FAN_SIZE] = s.p[i];
}

void fan_join(const struct fan *f, struct fan_reader *r, long long now)
{
	*r = (struct fan_reader){.pos = f->head, .stalled = now, .last = '\n',
		.between = f->head && f->ring[(f->head - 1) % FAN_SIZE] != '\n'};
}

/* Leave out the rest of a line whose beginning it has not got. */
static void skip_line(const struct fan *f, struct fan_reader *r)
{
	for (; r->between && r->pos < f->head; r->lost++)
		r->between = f->ring[r->pos++ % FAN_SIZE] != '\n';
}

struct str fan_next(struct fan *f, struct fan_reader *r)
{
	size_t start, n;

	skip_line(f, r);
	start = (size_t)(r->pos % FAN_SIZE);
	n = (size_t)(f->head - r->pos);
	return str_make(f->ring + start, n < FAN_SIZE - start ? n : FAN_SIZE - start);
}

void fan_took(const struct fan *f, struct fan_reader *r, size_t n, long long now)
{
	if (n) {
		r->last = f->ring[(r->pos + n - 1) % FAN_SIZE];
		r->pos += n;
	}
	if (n || r->pos == f->head)
		r->stalled = now;
}

bool fan_give_up(const struct fan *f, struct fan_reader *r, long long now)
{
	if (r->slow || r->pos == f->head || now - r->stalled < FAN_PATIENCE_MS)
		return false;
	r->slow = true;
	return true;
}

bool fan_resume(const struct fan *f, struct fan_reader *r, long long now)
{
	uint64_t behind = f->head - r->pos;
	bool gap = behind > FAN_SIZE;

	r->slow = false;
	r->stalled = now;
	if (!gap)
		return false;
	/* only what is in the ring is still there, from the first whole line on */
	r->lost += behind - FAN_SIZE;
	r->pos = f->head - FAN_SIZE;
	r->between = true;
	skip_line(f, r);
	return true;
}
