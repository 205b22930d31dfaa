/* rate - rate control by domain: expressions, counters, decisions; see rate.h.  Files: ratefile.c. */
#include "queue/rate.h"

#include <math.h>

#include "core/base/num.h"

enum { DEPTH_MAX = 50, SECONDS_MAX = 1000000000 };

void rate_free(struct rate *r)
{
	buf_free(&r->expr);
}

/* ---- expressions ------------------------------------------------------------------------------ */

struct parser {
	struct str s;
	int depth;
	bool bad;
};

static char peek(struct parser *p)
{
	while (p->s.n && chr_blank(p->s.p[0]))
		p->s = str_from(p->s, 1);
	return p->s.n ? p->s.p[0] : 0;
}

static bool take(struct parser *p, char c)
{
	if (peek(p) != c)
		return false;
	p->s = str_from(p->s, 1);
	return true;
}

static double number(struct parser *p)
{
	double v = 0, scale = 1;
	bool digits = false, point = false;

	for (; p->s.n && (chr_digit(p->s.p[0]) || (p->s.p[0] == '.' && !point)); p->s = str_from(p->s, 1)) {
		if (p->s.p[0] == '.') {
			point = true;
			continue;
		}
		digits = true;
		v = v * 10 + (p->s.p[0] - '0');
		scale *= point ? 10 : 1;
	}
	if (!digits)
		p->bad = true;
	return v / scale;
}

static double sum(struct parser *p);

static double factor(struct parser *p)
{
	double v = 0;

	if (++p->depth > DEPTH_MAX) {
		p->bad = true;
	} else if (peek(p) == '(') {
		take(p, '(');
		v = sum(p);
		if (!take(p, ')'))
			p->bad = true;
	} else if (take(p, '-')) {
		v = -factor(p);
	} else if (take(p, '+')) {
		v = factor(p);
	} else {
		v = number(p);
	}
	p->depth--;
	return v;
}

static double product(struct parser *p)
{
	double v = factor(p);

	while (!p->bad) {
		if (take(p, '*'))
			v *= factor(p);
		else if (take(p, '/'))
			v /= factor(p);
		else
			break;
	}
	return v;
}

static double sum(struct parser *p)
{
	double v = product(p);

	while (!p->bad) {
		if (take(p, '+'))
			v += product(p);
		else if (take(p, '-'))
			v -= product(p);
		else
			break;
	}
	return v;
}

bool rate_eval(struct str expr, double *value)
{
	struct parser p = {expr, 0, expr.n > RATE_EXPR_MAX};
	double v = p.bad ? 0 : sum(&p);

	if (p.bad || peek(&p) || p.s.n || !isfinite(v))
		return false;
	*value = v;
	return true;
}

/* ---- the four fields -------------------------------------------------------------------------- */

/* The text before a zero byte or newline. */
static struct str field(struct str *rest)
{
	size_t i = 0;

	while (i < rest->n && rest->p[i] && rest->p[i] != '\n')
		i++;
	struct str f = str_trim(str_to(*rest, i));

	*rest = str_from(*rest, i + 1);
	return f;
}

static bool whole(struct str *rest, uint64_t max, uint64_t *n)
{
	struct str f = field(rest);

	*n = 0;
	return !f.n || num_parse(f, max, n);
}

bool rate_parse(struct str text, struct rate *r)
{
	struct str rest = text, expr = field(&rest);
	uint64_t count, start, last;
	double value = -1;

	if ((expr.n && !rate_eval(expr, &value)) || !whole(&rest, UINT64_MAX - 1, &count) ||
			!whole(&rest, INT64_MAX / 2, &start) || !whole(&rest, INT64_MAX / 2, &last))
		return false;
	buf_set(&r->expr, expr);
	r->value = value;
	r->count = count;
	r->start = (time_t)start;
	r->last = (time_t)last;
	return true;
}

void rate_print(const struct rate *r, struct buf *b)
{
	buf_add(b, buf_str(&r->expr));
	buf_addc(b, 0);
	buf_fmt(b, "%llu%c%lld%c%lld%c", (unsigned long long)r->count, 0, (long long)r->start, 0, (long long)r->last, 0);
}

/* ---- decisions -------------------------------------------------------------------------------- */

/* Seconds from now until count deliveries are what the rate allows; negative: so long ago. */
static double needed(const struct rate *r, time_t now)
{
	return (double)r->count / r->value - (double)(now - r->start);
}

/* Rounded up or down.  Waiting longer than an interval is in vain: then the counters are set back. */
static long whole_seconds(double s, bool up, long interval)
{
	double most = interval < 1 ? 1 : interval > SECONDS_MAX ? SECONDS_MAX : (double)interval;
	long n = (long)(s < 0 ? 0 : s > most ? most : s);

	return n + (up && (double)n < s && (double)n < most);
}

struct rate_verdict rate_judge(struct rate *r, time_t now, long interval)
{
	struct rate_verdict v = {.limited = true, .value = r->value};

	if (!r->start || now < r->start || now - r->last > interval) {
		r->count = 0;
		r->start = r->last = now;
	}
	v.count = r->count;
	v.current = now > r->start ? (double)r->count / (double)(now - r->start) : 0;
	if (r->value == 0) {
		v.wait = true;
		v.seconds = whole_seconds(INFINITY, true, interval);
	} else if (r->value > 0 && v.current > r->value) {
		v.wait = true;
		v.seconds = whole_seconds(needed(r, now), true, interval);
		if (v.seconds < 1)
			v.seconds = 1;
	} else if (r->value > 0) {
		v.seconds = whole_seconds(-needed(r, now), false, interval);
	}
	return v;
}

void rate_count(struct rate *r, time_t now)
{
	if (!r->start)
		r->start = now;
	if (r->count < UINT64_MAX - 1)
		r->count++;
	r->last = now;
}
