/* command - parsing of command lines; see command.h. */
#include "core/smtp/command.h"

#include "core/base/num.h"

struct command command_split(struct str line)
{
	struct command c = {.arg = line};

	c.verb = str_cut(&c.arg, ' ');
	if (!c.arg.p)
		c.arg = str_from(line, line.n);
	while (c.arg.n && c.arg.p[0] == ' ')
		c.arg = str_from(c.arg, 1);
	c.verb = str_rtrim(c.verb);
	c.arg = str_rtrim(c.arg);
	return c;
}

/* "@a,@b:box@host" -> "box@host" */
static struct str skip_route(struct str s)
{
	if (!s.n || s.p[0] != '@')
		return s;
	return str_from(s, str_chr(s, ':') + 1);
}

/* Copy with quotes resolved up to the unquoted end byte (0: the end of s counts as well).
 * Returns how many bytes of s were used including the end byte; 0 when it is malformed. */
static size_t unquote(struct str s, char end, struct buf *addr)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (c == '\\') {
			if (++i == s.n)
				return 0;
			c = s.p[i];
		} else if (!quoted && c == end) {
			return i + 1;
		}
		if ((unsigned char)c < 32 || c == 127 || addr->n == ADDRESS_MAX)
			return 0;
		buf_addc(addr, c);
	}
	return end == ' ' && !quoted ? i + (i == 0) : 0;
}

bool command_address(struct str arg, struct buf *addr, struct str *rest)
{
	size_t open = str_chr(arg, '<');
	char end = '>';
	struct buf text = BUF_INIT;

	if (open == arg.n) {
		open = str_chr(arg, ':');
		end = ' ';
	}
	struct str s = str_from(arg, open + 1);

	while (end == ' ' && s.n && s.p[0] == ' ')
		s = str_from(s, 1);
	s = skip_route(s);
	size_t used = open < arg.n && (s.n || end == '>') ? unquote(s, end, &text) : 0;

	if (used) {
		buf_set(addr, buf_str(&text));
		*rest = str_from(s, used);
	}
	buf_free(&text);
	return used > 0;
}

bool command_param(struct str *rest, struct str *name, struct str *value)
{
	*value = str_word(rest);
	*name = str_cut(value, '=');
	return name->n > 0 || value->p;
}

bool command_xtext(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		uint64_t byte;

		if (s.p[i] != '+') {
			buf_addc(out, s.p[i]);
			continue;
		}
		if (i + 2 >= s.n || num_scan_hex(str_make(s.p + i + 1, 2), &byte) != 2)
			return false;
		buf_addc(out, (char)byte);
		i += 2;
	}
	return true;
}
