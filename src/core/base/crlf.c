/* crlf - line ends; see crlf.h. */
#include "core/base/crlf.h"

#include <string.h>

/* Copy from p up to the first stop, of n bytes at most; returns how many.  Most lines are short: the first
 * bytes are copied as they are looked at, the rest of a longer line is searched and copied as a whole. */
static size_t copy_until(char *to, const char *p, size_t n, char stop)
{
	enum { SHORT = 16 };
	size_t i = 0, near = n < SHORT ? n : SHORT;

	for (; i < near; i++) {
		if (p[i] == stop)
			return i;
		to[i] = p[i];
	}
	if (i < n) {
		const char *end = memchr(p + i, stop, n - i);

		n = end ? (size_t)(end - p) : n;
		memcpy(to + i, p + i, n - i);
	}
	return n;
}

static void add(struct crlf *c, struct str in, bool keep, struct buf *out)
{
	char *start = buf_grow(out, 2 * in.n), *to = start;
	const char *p = in.p, *end = in.p + in.n;
	bool cr = c->cr;

	while (p < end) {
		size_t n = copy_until(to, p, (size_t)(end - p), '\n');

		if (n)
			cr = p[n - 1] == '\r';
		p += n;
		to += n;
		if (p == end)
			break;
		if (!keep || !cr)
			*to++ = '\r';
		*to++ = *p++;
		cr = false;
	}
	c->cr = cr;
	buf_advance(out, (size_t)(to - start));
}

void crlf_add(struct crlf *c, struct str in, bool last, struct buf *out)
{
	(void)last;
	add(c, in, false, out);
}

void crlf_fix(struct crlf *c, struct str in, bool last, struct buf *out)
{
	(void)last;
	add(c, in, true, out);
}

void crlf_del(struct crlf *c, struct str in, bool last, struct buf *out)
{
	char *start = buf_grow(out, in.n + 2), *to = start;
	const char *p = in.p, *end = in.p + in.n;
	bool cr = c->cr;

	while (p < end) {
		size_t n;

		if (cr && *p != '\n')
			*to++ = '\r';
		n = copy_until(to, p, (size_t)(end - p), '\r');
		p += n;
		to += n;
		cr = p < end;
		p += cr;
	}
	if (last && cr)
		*to++ = '\r';
	c->cr = cr && !last;
	buf_advance(out, (size_t)(to - start));
}

void crlf_visible(struct str in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (c >= 128) {
			buf_adds(out, "M-");
			c &= 127;
		} else if (c == '\t' || c == '\n') {
			buf_addc(out, (char)c);
			continue;
		}
		if (c < 32 || c == 127) {
			buf_addc(out, '^');
			c ^= 64;
		}
		buf_addc(out, (char)c);
	}
}
