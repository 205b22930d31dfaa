/* choice - ages, sizes, patterns and names that choose messages; see view.h. */
#include "core/base/num.h"
#include "core/conf/wildmat.h"
#include "queue/view.h"

struct unit {
	char name;
	uint64_t factor;
};

/* A number and at most one unit; within max. */
static bool scaled(struct str s, const struct unit *units, uint64_t max, uint64_t *out)
{
	uint64_t n, factor = 1;
	size_t used = num_scan(s, &n);
	struct str rest = str_from(s, used);

	if (!used || rest.n > 1)
		return false;
	if (rest.n) {
		while (units->name && units->name != rest.p[0])
			units++;
		factor = units->factor;
	}
	if (!factor || n > max / factor)
		return false;
	*out = n * factor;
	return true;
}

bool choice_age(struct str s, long *seconds)
{
	static const struct unit units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400},
		{'w', 604800}, {0, 0}};
	uint64_t n;

	if (!scaled(s, units, INT32_MAX, &n))
		return false;
	*seconds = (long)n;
	return true;
}

bool choice_size(struct str s, long long *bytes)
{
	static const struct unit units[] = {{'b', 1}, {'k', 1 << 10}, {'K', 1 << 10}, {'M', 1 << 20},
		{'G', 1 << 30}, {0, 0}};
	uint64_t n;

	if (!scaled(s, units, INT64_MAX, &n))
		return false;
	*bytes = (long long)n;
	return true;
}

bool choice_add(struct choice *c, struct str text)
{
	size_t slash = str_rchr(text, '/');
	bool anywhere = slash == text.n;
	struct choice_id n = {.queue = anywhere ? STR("") : str_to(text, slash)};
	struct str number = anywhere ? text : str_from(text, slash + 1);

	if (!anywhere && !n.queue.n)
		return false;
	if (!num_parse(str_starts(number, STR("#")) ? str_from(number, 1) : number, UINT64_MAX, &n.id))
		return false;
	vec_push(&c->ids, n);
	return true;
}

bool choice_filters(const struct choice *c)
{
	return c->sender || c->recipient || c->host || c->queue || c->older >= 0 || c->newer >= 0 || c->larger >= 0 ||
		c->smaller >= 0 || c->state >= 0;
}

void choice_seen(struct choice *c, struct str queue, uint64_t id)
{
	for (size_t i = 0; i < c->ids.n; i++)
		if (choice_names(&c->ids.p[i], queue, id))
			c->ids.p[i].seen = true;
}

bool choice_names(const struct choice_id *n, struct str queue, uint64_t id)
{
	return n->id == id && (!n->queue.n || str_eq(n->queue, queue));
}

bool choice_like(struct str s, const char *pattern)
{
	struct buf text = BUF_INIT, lower = BUF_INIT;

	buf_set(&text, s);
	buf_set(&lower, str_z(pattern));
	buf_lower(&text);
	buf_lower(&lower);
	bool r = wildmat(buf_str(&text), buf_str(&lower));

	buf_free(&text);
	buf_free(&lower);
	return r;
}
