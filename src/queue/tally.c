/* tally - recipients by domain and age; see tally.h. */
#include "queue/tally.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

const int tally_minutes[TALLY_AGES - 1] = {5, 10, 30, 60, 240, 1440, 2880, 7200};
static const char *const names[TALLY_AGES] = {"5m", "10m", "30m", "1h", "4h", "1d", "2d", "5d", "more"};

static uint64_t hash(struct str s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

static struct tally_row *slot(struct tally_row *rows, size_t size, struct str domain)
{
	size_t i = (size_t)hash(domain) & (size - 1);

	while (rows[i].domain && !str_eq(str_z(rows[i].domain), domain))
		i = (i + 1) & (size - 1);
	return &rows[i];
}

static void grow(struct tally *t)
{
	size_t size = t->size ? t->size * 2 : 64;
	struct tally_row *rows = mem_alloc(size * sizeof *rows);

	for (size_t i = 0; i < t->size; i++)
		if (t->rows[i].domain)
			*slot(rows, size, str_z(t->rows[i].domain)) = t->rows[i];
	mem_free(t->rows);
	t->rows = rows;
	t->size = size;
}

static void count(struct tally_row *r, int age)
{
	r->n++;
	r->by_age[age]++;
}

void tally_add(struct tally *t, struct str domain, long age)
{
	struct buf name = BUF_INIT;
	int a = 0;

	while (a < TALLY_AGES - 1 && age > tally_minutes[a] * 60L)
		a++;
	buf_set(&name, domain.n ? domain : STR("(none)"));
	buf_lower(&name);
	buf_trunc(&name, str_chr(buf_str(&name), 0));
	if ((t->used + 1) * 2 > t->size)
		grow(t);
	struct tally_row *r = slot(t->rows, t->size, buf_str(&name));

	if (!r->domain && t->used >= TALLY_DOMAINS) {
		r = &t->others;
	} else if (!r->domain) {
		r->domain = mem_copy(name.p, name.n);
		t->used++;
	}
	count(r, a);
	count(&t->total, a);
	buf_free(&name);
}

static int most_first(const void *a, const void *b)
{
	const struct tally_row *x = a, *y = b;

	if (!x->domain || !y->domain)
		return (x->domain == NULL) - (y->domain == NULL);
	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->domain, y->domain);
}

static void row(const struct tally_row *r, const char *name, bool json, struct buf *b)
{
	struct buf line = BUF_INIT;

	if (json) {
		buf_addc(&line, '{');
		json_pair(&line, "domain", str_z(name));
		json_number(&line, "recipients", (long long)r->n);
		for (int i = 0; i < TALLY_AGES; i++)
			json_number(&line, names[i], (long long)r->by_age[i]);
		buf_addc(&line, '}');
	} else {
		buf_fmt(&line, "%-30s %7lu", name, r->n);
		for (size_t i = 0; i < line.n; i++)
			if ((unsigned char)line.p[i] < 32 || line.p[i] == 127)
				line.p[i] = '_';
		for (int i = 0; i < TALLY_AGES; i++)
			buf_fmt(&line, " %6lu", r->by_age[i]);
	}
	buf_addc(&line, '\n');
	buf_add(b, buf_str(&line));
	buf_free(&line);
}

void tally_show(struct tally *t, bool json, struct buf *b)
{
	if (!json) {
		buf_fmt(b, "%-30s %7s", "domain", "total");
		for (int i = 0; i < TALLY_AGES; i++)
			buf_fmt(b, " %6s", names[i]);
		buf_addc(b, '\n');
		row(&t->total, "TOTAL", false, b);
	}
	if (t->size)
		qsort(t->rows, t->size, sizeof *t->rows, most_first);
	for (size_t i = 0; i < t->used; i++) {
		row(&t->rows[i], t->rows[i].domain, json, b);
		mem_free(t->rows[i].domain);
	}
	if (t->others.n)
		row(&t->others, "(others)", json, b);
	mem_free(t->rows);
	*t = (struct tally){0};
}
