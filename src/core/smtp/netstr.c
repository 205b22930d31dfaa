/* netstr - netstrings from a client; see netstr.h. */
#include "core/smtp/netstr.h"

#include <errno.h>

#include "core/sys/clock.h"

enum { DIGITS = 20 };

void netstr_init(struct netstr *r, struct in *in, long patience_ms)
{
	*r = (struct netstr){.in = in, .left = UINT64_MAX};
	if (patience_ms >= 0)
		r->deadline_ms = clock_mono_ms() + patience_ms + 1;
}

int netstr_patience(const struct netstr *r)
{
	if (!r->deadline_ms)
		return -1;
	long long ms = r->deadline_ms - clock_mono_ms();

	return ms > 0 ? (int)ms : 0;
}

bool netstr_fail(struct netstr *r, int code)
{
	r->code = code;
	return false;
}

/* Something to read, within the netstring we are in. */
static bool more(struct netstr *r)
{
	if (r->left == 0)
		return netstr_fail(r, NETSTR_BAD);
	if (in_peek(r->in).n)
		return true;
	r->in->timeout = netstr_patience(r);
	int got = in_fill(r->in);

	if (got > 0)
		return true;
	return netstr_fail(r, got < 0 && errno == ETIMEDOUT ? NETSTR_TROUBLE : NETSTR_CLOSED);
}

bool netstr_byte(struct netstr *r, char *c)
{
	if (!more(r))
		return false;
	r->left--;
	*c = in_peek(r->in).p[0];
	in_skip(r->in, 1);
	return true;
}

bool netstr_length(struct netstr *r, uint64_t *n)
{
	char c;

	*n = 0;
	for (int digits = 0; ; digits++) {
		if (!netstr_byte(r, &c))
			return false;
		if (c == ':' && digits)
			break;
		if (!chr_digit(c) || digits == DIGITS)
			return netstr_fail(r, NETSTR_BAD);
		*n = *n * 10 + (uint64_t)(c - '0');
		if (*n > NETSTR_MAX)
			return netstr_fail(r, NETSTR_TROUBLE);
	}
	/* its comma is within, too */
	return *n < r->left || netstr_fail(r, NETSTR_BAD);
}

bool netstr_pass(struct netstr *r, uint64_t n, void (*put)(void *arg, struct str piece), void *arg)
{
	while (n) {
		if (!more(r))
			return false;
		struct str s = str_to(in_peek(r->in), n);

		if (put)
			put(arg, s);
		in_skip(r->in, s.n);
		r->left -= s.n;
		n -= s.n;
	}
	return true;
}

bool netstr_comma(struct netstr *r)
{
	char c;

	return netstr_byte(r, &c) && (c == ',' || netstr_fail(r, NETSTR_BAD));
}

static void append(void *arg, struct str piece)
{
	buf_add(arg, piece);
}

bool netstr_text(struct netstr *r, struct buf *b, size_t max, bool *fits)
{
	uint64_t n;

	buf_clear(b);
	if (!netstr_length(r, &n))
		return false;
	*fits = n < max;
	if (!netstr_pass(r, n, *fits ? append : NULL, b) || !netstr_comma(r))
		return false;
	if (str_chr(buf_str(b), 0) < b->n) {
		*fits = false;
		buf_clear(b);
	}
	return true;
}
