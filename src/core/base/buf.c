/* buf - growing bytes; see buf.h. */
#include "core/base/buf.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

char buf_empty[1];

void buf_init(struct buf *b)
{
	*b = (struct buf)BUF_INIT;
}

void buf_free(struct buf *b)
{
	if (b->cap)
		mem_free(b->p);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	buf_trunc(b, 0);
}

void buf_trunc(struct buf *b, size_t n)
{
	if (n >= b->n)
		return;
	b->n = n;
	b->p[n] = 0;
}

char *buf_grow(struct buf *b, size_t extra)
{
	size_t want = b->n + extra + 1;

	if (want > b->cap) {
		size_t cap = b->cap ? b->cap : 64;

		while (cap < want)
			cap += cap / 2 + 16;
		b->p = mem_resize(b->cap ? b->p : NULL, cap);
		b->p[b->n] = 0;
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_advance(struct buf *b, size_t n)
{
	b->n += n;
	b->p[b->n] = 0;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n >= b->n) {
		buf_clear(b);
		return;
	}
	memmove(b->p, b->p + n, b->n - n);
	buf_trunc(b, b->n - n);
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_grow(b, n), p, n);
	buf_advance(b, n);
}

void buf_add(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

void buf_adds(struct buf *b, const char *z)
{
	buf_put(b, z, strlen(z));
}

void buf_addc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

/* Most texts are short enough to be printed once. */
void buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
	char text[256];
	va_list again;

	if (!fmt)
		return;
	va_copy(again, ap);
	int need = vsnprintf(text, sizeof text, fmt, ap);

	if (need > 0 && (size_t)need < sizeof text) {
		buf_put(b, text, (size_t)need);
	} else if (need > 0) {
		buf_grow(b, (size_t)need);
		vsnprintf(b->p + b->n, (size_t)need + 1, fmt, again);
		buf_advance(b, (size_t)need);
	}
	va_end(again);
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(b, fmt, ap);
	va_end(ap);
}

void buf_set(struct buf *b, struct str s)
{
	if (b->cap && s.p >= b->p && s.p <= b->p + b->n) {
		memmove(b->p, s.p, s.n);
		b->n = s.n;
		b->p[s.n] = 0;
		return;
	}
	buf_clear(b);
	buf_add(b, s);
}

void buf_lower(struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		b->p[i] = chr_lower(b->p[i]);
}

struct str buf_str(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

char *buf_take(struct buf *b)
{
	buf_grow(b, 0);
	char *p = b->p;

	buf_init(b);
	return p;
}
