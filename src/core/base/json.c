/* json - writing JSON; see json.h. */
#include "core/base/json.h"

#include "core/base/utf8.h"

void json_item(struct buf *b)
{
	char last = b->n ? b->p[b->n - 1] : '{';

	if (last != '{' && last != '[' && last != ':')
		buf_addc(b, ',');
}

/* How many bytes the character at the start of s takes, 0 when it is none. */
static size_t character(struct str s)
{
	enum { LONGEST = 4 };

	for (size_t n = 1; n <= LONGEST && n <= s.n; n++)
		if (utf8_valid(str_to(s, n)))
			return n;
	return 0;
}

static void escape(struct buf *b, unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		buf_addc(b, '\\');
		buf_addc(b, (char)c);
		break;
	case '\n':
		buf_adds(b, "\\n");
		break;
	case '\t':
		buf_adds(b, "\\t");
		break;
	default:
		buf_fmt(b, "\\u%04x", c);
	}
}

void json_text(struct buf *b, struct str s)
{
	json_item(b);
	buf_addc(b, '"');
	while (s.n) {
		unsigned char c = (unsigned char)s.p[0];
		size_t n = character(s);

		if (c < 32 || c == 127 || c == '"' || c == '\\') {
			escape(b, c);
			n = 1;
		} else if (n == 0) {
			buf_adds(b, "\\ufffd");
			n = 1;
		} else {
			buf_put(b, s.p, n);
		}
		s = str_from(s, n);
	}
	buf_addc(b, '"');
}

void json_key(struct buf *b, const char *name)
{
	json_item(b);
	buf_fmt(b, "\"%s\":", name);
}

void json_pair(struct buf *b, const char *name, struct str value)
{
	json_key(b, name);
	json_text(b, value);
}

void json_number(struct buf *b, const char *name, long long value)
{
	json_key(b, name);
	buf_fmt(b, "%lld", value);
}

void json_bool(struct buf *b, const char *name, bool value)
{
	json_key(b, name);
	buf_adds(b, value ? "true" : "false");
}
