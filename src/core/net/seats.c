/* seats - connections being served; see seats.h.  Only the server takes and frees seats; a child changes nothing
 * but the address in its own.  Who counts meanwhile may be off by the connection that is just moving. */
#include "core/net/seats.h"

#include <stdatomic.h>
#include <stdint.h>

#include "core/base/mem.h"
#include "core/sys/share.h"

enum { FREE = 0, NOBODY_YET = -1 };

struct seat {
	struct ip ip;
	_Atomic int pid;
	uint64_t order;		/* of arrival */
};

struct common {
	_Atomic unsigned top;	/* seats from here on are free */
	struct seat seat[];
};

struct seats {
	size_t max, taken;
	uint64_t arrivals;
	unsigned low;		/* seats below this are taken */
	struct common *common;
};

struct seats *seats_open(size_t max)
{
	struct common *c = share_memory(sizeof *c + max * sizeof *c->seat);
	struct seats *s;

	if (!c)
		return NULL;
	s = mem_alloc(sizeof *s);
	*s = (struct seats){.max = max, .common = c};
	return s;
}

int seats_take(struct seats *s, const struct ip *ip)
{
	struct common *c = s->common;
	unsigned i = s->low;

	while (i < c->top && c->seat[i].pid != FREE)
		i++;
	if (i >= s->max)
		return -1;
	c->seat[i].ip = *ip;
	c->seat[i].order = s->arrivals++;
	c->seat[i].pid = NOBODY_YET;
	if (i >= c->top)
		c->top = i + 1;
	s->low = i + 1;
	s->taken++;
	return (int)i;
}

void seats_owner(struct seats *s, int seat, pid_t pid)
{
	s->common->seat[seat].pid = pid;
}

void seats_drop(struct seats *s, int seat)
{
	struct common *c = s->common;
	unsigned i = (unsigned)seat;

	c->seat[i].pid = FREE;
	s->taken--;
	if (i < s->low)
		s->low = i;
	while (c->top && c->seat[c->top - 1].pid == FREE)
		c->top--;
}

static int find(const struct seats *s, pid_t pid)
{
	for (unsigned i = 0; i < s->common->top; i++)
		if (s->common->seat[i].pid == pid)
			return (int)i;
	return -1;
}

bool seats_leave(struct seats *s, pid_t pid)
{
	int i = find(s, pid);

	if (i >= 0)
		seats_drop(s, i);
	return i >= 0;
}

int seats_orphan(struct seats *s, pid_t pid)
{
	int i = find(s, pid);

	if (i >= 0)
		seats_owner(s, i, NOBODY_YET);
	return i;
}

size_t seats_taken(const struct seats *s)
{
	return s->taken;
}

bool seats_next(const struct seats *s, size_t *i, struct ip *ip, pid_t *pid)
{
	const struct common *c = s->common;

	while (*i < c->top && c->seat[*i].pid == FREE)
		++*i;
	if (*i >= c->top)
		return false;
	*ip = c->seat[*i].ip;
	*pid = c->seat[*i].pid;
	++*i;
	return true;
}

static size_t count(const struct common *c, const struct ip *ip, uint64_t last)
{
	unsigned top = c->top;
	size_t n = 0;

	for (unsigned i = 0; i < top; i++)
		n += c->seat[i].pid != FREE && c->seat[i].order <= last && ip_same(&c->seat[i].ip, ip);
	return n;
}

size_t seats_count(const struct seats *s, const struct ip *ip)
{
	return count(s->common, ip, UINT64_MAX);
}

size_t seats_rank(const struct seats *s, int seat, const struct ip *ip)
{
	return count(s->common, ip, s->common->seat[seat].order);
}

void seats_rename(struct seats *s, int seat, const struct ip *ip)
{
	s->common->seat[seat].ip = *ip;
}
