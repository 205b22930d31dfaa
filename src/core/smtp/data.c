/* data - the DATA reader; see data.h.
 * Lines are found with memchr in whole input blocks; only the first bytes of a line and those around
 * a CR are looked at one by one. */
#include "core/smtp/data.h"

#include <errno.h>
#include <string.h>

enum where {
	LINE,		/* behind CR LF (or at the start) */
	AFTER_LF,	/* behind a bare LF: a dot here is only a dot */
	DOT,		/* a dot at the start of a line, not stored yet */
	DOT_CR,		/* dot and CR there */
	INSIDE,		/* within a line */
	CR,		/* a CR within or at the start of a line */
};

struct reader {
	struct data *d;
	enum where at;
	bool header;
	char head[9];		/* the first bytes of a header line */
	size_t line;		/* bytes of this line so far */
	size_t n;
	char out[16384];
};

static void flush(struct reader *r)
{
	if (r->n)
		r->d->put(r->d->arg, r->out, r->n);
	r->n = 0;
}

static void store(struct reader *r, const char *p, size_t n)
{
	struct data *d = r->d;

	d->size += n;
	if (d->limit && d->size > d->limit)
		return;
	while (n) {
		size_t take = sizeof r->out - r->n < n ? sizeof r->out - r->n : n;

		memcpy(r->out + r->n, p, take);
		r->n += take;
		p += take;
		n -= take;
		if (r->n == sizeof r->out)
			flush(r);
	}
}

static void text(struct reader *r, const char *p, size_t n)
{
	if (r->header && r->line < sizeof r->head) {
		size_t room = sizeof r->head - r->line;

		memcpy(r->head + r->line, p, n < room ? n : room);
	}
	r->line += n;
	store(r, p, n);
}

static void line_end(struct reader *r, enum where next)
{
	if (r->header) {
		struct str head = {r->head, r->line < sizeof r->head ? r->line : sizeof r->head};

		if (str_istarts(head, STR("received")) || str_istarts(head, STR("delivered")))
			r->d->hops++;
		r->header = head.n > 0;
	}
	r->line = 0;
	r->at = next;
	store(r, "\n", 1);
}

/* Take the part of s that lies within one line; returns how much was used, at least one byte. */
static size_t inside(struct reader *r, struct str s, enum data_end *bad)
{
	const char *lf = memchr(s.p, '\n', s.n);
	size_t n = lf ? (size_t)(lf - s.p) : s.n;
	const char *cr = n ? memchr(s.p, '\r', n) : NULL;

	if (cr && cr + 1 < s.p + n) {
		*bad = DATA_BARE_CR;
		return 1;
	}
	text(r, s.p, cr ? n - 1 : n);
	r->at = INSIDE;
	if (cr)
		r->at = CR;
	if (cr && lf)
		line_end(r, LINE);
	else if (lf && r->d->allow_lf)
		line_end(r, AFTER_LF);
	else if (lf)
		*bad = DATA_BARE_LF;
	return lf ? n + 1 : n;
}

/* One step through s, which is not empty; returns the bytes used, 0 at the end of the message. */
static size_t step(struct reader *r, struct str s, enum data_end *bad)
{
	char c = s.p[0];

	switch (r->at) {
	case CR:
	case DOT_CR:
		if (c != '\n')
			*bad = DATA_BARE_CR;
		else if (r->at == DOT_CR)
			return 0;
		else
			line_end(r, LINE);
		return 1;
	case DOT:
		if (c == '\r') {
			r->at = DOT_CR;
			return 1;
		}
		return inside(r, s, bad);
	case LINE:
		if (c == '.') {
			r->at = DOT;
			return 1;
		}
		return inside(r, s, bad);
	case AFTER_LF:
	case INSIDE:
		break;
	}
	return inside(r, s, bad);
}

enum data_end data_read(struct data *d, struct in *in)
{
	struct reader r = {.d = d, .at = LINE, .header = true};
	enum data_end bad = DATA_DONE;
	int got;

	d->size = 0;
	d->hops = 0;
	while ((got = in_fill(in)) > 0) {
		struct str s = in_peek(in);
		size_t i = 0, used = 1;

		while (i < s.n && used && bad == DATA_DONE) {
			used = step(&r, str_from(s, i), &bad);
			i += used;
		}
		in_skip(in, used ? i : i + 1);
		if (used && bad == DATA_DONE)
			continue;
		flush(&r);
		return bad;
	}
	int num = errno;

	flush(&r);
	errno = num;
	return got < 0 ? DATA_ERROR : DATA_EOF;
}
