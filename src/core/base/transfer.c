/* transfer - decode lines; see transfer.h. */
#include "core/base/transfer.h"

/* The value of a base64 character, -1 none. */
static int digit64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (chr_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The bytes of n characters in bits. */
static void flush(uint32_t bits, unsigned n, struct buf *out)
{
	bits <<= 6 * (4 - n);
	for (unsigned i = 0; i + 1 < n; i++)
		buf_addc(out, (char)(bits >> (16 - 8 * i)));
}

static void base64(struct transfer *t, struct str line, struct buf *out)
{
	for (size_t i = 0; i < line.n; i++) {
		int v = digit64(line.p[i]);

		if (v >= 0) {
			t->bits = t->bits << 6 | (uint32_t)v;
			t->n++;
		}
		if (t->n == 4 || (line.p[i] == '=' && t->n)) {
			flush(t->bits, t->n, out);
			t->bits = t->n = 0;
		}
	}
}

static int hex(char c)
{
	c = chr_lower(c);
	return chr_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void quoted(struct str line, struct buf *out)
{
	struct str text = str_rtrim(line);

	if (text.n && text.p[text.n - 1] == '=')	/* the line goes on */
		line = text = str_to(text, text.n - 1);
	for (size_t i = 0; i < text.n; i++) {
		bool code = text.p[i] == '=' && i + 2 < text.n && hex(text.p[i + 1]) >= 0 && hex(text.p[i + 2]) >= 0;

		if (code) {
			buf_addc(out, (char)(hex(text.p[i + 1]) << 4 | hex(text.p[i + 2])));
			i += 2;
		} else {
			buf_addc(out, text.p[i]);
		}
	}
	if (line.n > text.n && line.p[line.n - 1] == '\n')
		buf_addc(out, '\n');
}

static void uu(struct str line, struct buf *out)
{
	line = str_rtrim(line);
	size_t want = line.n ? ((unsigned char)line.p[0] - 32) & 63 : 0, end = out->n + want;

	for (size_t i = 1; i < line.n && out->n < end; i += 4) {
		uint32_t bits = 0;

		for (size_t k = 0; k < 4; k++)
			bits = bits << 6 | (i + k < line.n ? ((unsigned char)line.p[i + k] - 32u) & 63 : 0);
		flush(bits, 4, out);
	}
	if (out->n > end)
		buf_trunc(out, end);
}

void transfer_line(struct transfer *t, struct str line, struct buf *out)
{
	switch (t->kind) {
	case TRANSFER_BASE64:
		base64(t, line, out);
		break;
	case TRANSFER_QUOTED:
		quoted(line, out);
		break;
	case TRANSFER_UU:
		uu(line, out);
		break;
	case TRANSFER_PLAIN:
		buf_add(out, line);
	}
}
