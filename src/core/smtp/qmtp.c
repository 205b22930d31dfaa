/* qmtp - the sending side of QMTP; see qmtp.h. */
#include "core/smtp/qmtp.h"

#include <errno.h>


/* One byte, an ended input is ECONNRESET. */
static int byte(struct in *in, char *c)
{
	int r = in_byte(in, c);

	if (r == 0)
		errno = ECONNRESET;
	return r == 1 ? 0 : -1;
}

static int length(struct in *in, size_t max, size_t *n)
{
	char c;

	for (*n = 0; ; *n = *n * 10 + (size_t)(c - '0')) {
		if (byte(in, &c) < 0)
			return -1;
		if (c == ':')
			return 0;
		if (!chr_digit(c) || *n > max) {
			errno = EPROTO;
			return -1;
		}
	}
}

int qmtp_netstring(struct in *in, struct buf *b, size_t max)
{
	size_t n;
	char c;

	buf_clear(b);
	if (length(in, max, &n) < 0)
		return -1;
	if (n > max)
		goto garbage;
	while (b->n < n) {
		int r = in_fill(in);

		if (r == 0)
			errno = ECONNRESET;
		if (r <= 0)
			return -1;
		struct str s = str_to(in_peek(in), n - b->n);

		buf_add(b, s);
		in_skip(in, s.n);
	}
	if (byte(in, &c) < 0)
		return -1;
	if (c == ',')
		return 0;
garbage:
	errno = EPROTO;
	return -1;
}

int qmtp_body(struct out *out, struct in *body, uint64_t size)
{
	while (size) {
		int r = in_fill(body);

		if (r == 0)
			errno = ENODATA;
		if (r <= 0)
			return -1;
		struct str s = str_to(in_peek(body), size);

		if (out_add(out, s) < 0)
			return -1;
		in_skip(body, s.n);
		size -= s.n;
	}
	return 0;
}

static int put_body(struct out *out, const struct qmtp_mail *m)
{
	out_fmt(out, "%llu:\n", (unsigned long long)(m->size + m->head.n + 1));
	out_add(out, m->head);
	return qmtp_body(out, m->body, m->size) < 0 ? -1 : out_addc(out, ',');
}

static void put_rcpts(struct out *out, const struct qmtp_mail *m)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < m->n; i++)
		buf_fmt(&b, "%zu:%.*s,", m->rcpts[i].n, STR_FMT(m->rcpts[i]));
	out_fmt(out, "%zu:%.*s,", m->sender.n, STR_FMT(m->sender));
	out_fmt(out, "%zu:", b.n);
	out_add(out, buf_str(&b));
	out_addc(out, ',');
	buf_free(&b);
}

/* What a server says becomes harmless text. */
static void clean(struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] == 0)
			b->p[i] = '?';
}

int qmtp_send(struct in *in, struct out *out, const struct qmtp_mail *m)
{
	struct buf answer = BUF_INIT;
	int refused = -1, bad = 0;

	if (put_body(out, m) < 0)
		goto out;
	put_rcpts(out, m);
	if (out_flush(out) < 0)
		goto out;
	for (size_t i = 0; i < m->n; i++) {
		if (qmtp_netstring(in, &answer, QMTP_ANSWER_MAX) < 0)
			goto out;
		char letter = answer.n ? answer.p[0] : 'Z';

		if (letter != 'K' && letter != 'D')
			letter = 'Z';
		clean(&answer);
		bad += letter != 'K';
		if (m->rcpt)
			m->rcpt(i, letter, str_from(buf_str(&answer), 1), m->arg);
	}
	refused = bad;
out:
	buf_free(&answer);
	return refused;
}
