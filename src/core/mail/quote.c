/* quote - local parts in quoted strings where needed; see quote.h. */
#include "core/mail/quote.h"

#include <string.h>

static bool atom_char(char c)
{
	return chr_alnum(c) || (unsigned char)c > 127 || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Words of atom characters joined by single dots? */
static bool dot_atom(struct str s)
{
	bool word = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? !word : !atom_char(s.p[i]))
			return false;
		word = s.p[i] != '.';
	}
	return word;
}

static char safe(char c)
{
	return c && c != '\r' && c != '\n' ? c : '_';
}

void quote_always(struct buf *b, struct str s)
{
	buf_addc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		char c = safe(s.p[i]);

		if (c == '"' || c == '\\')
			buf_addc(b, '\\');
		buf_addc(b, c);
	}
	buf_addc(b, '"');
}

void quote_box(struct buf *b, struct str box)
{
	if (dot_atom(box))
		buf_add(b, box);
	else
		quote_always(b, box);
}

void quote_address(struct buf *b, struct str address)
{
	size_t at = str_rchr(address, '@');
	struct str box = str_to(address, at);

	if (!address.n)
		return;
	quote_box(b, box);
	for (size_t i = at; i < address.n; i++)
		buf_addc(b, safe(address.p[i]));
}
