/* token - words and specials of header fields; see token.h. */
#include "core/mail/token.h"

#include <string.h>

#include "core/mail/addr.h"

static const char specials[] = "()<>@,;:\\\".[]";

bool token_plain(char c)
{
	return (unsigned char)c > 32 && c != 127 && !strchr(specials, c);
}

static bool white(char c)
{
	return chr_blank(c) || c == '\n' || c == '\r';
}

/* Line ends inside quotes, brackets and comments are folding and vanish. */
static void keep(struct tokens *t, char c)
{
	if (c != '\n' && c != '\r')
		buf_addc(&t->text, c);
}

/* A quoted string or a domain literal that begins at i; the position behind it, 0 when it never ends. */
static size_t enclosed(struct tokens *t, struct str s, size_t i, char end, bool raw)
{
	if (raw)
		keep(t, s.p[i]);
	for (i++; i < s.n && s.p[i] != end; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n) {
			if (raw)
				keep(t, '\\');
			i++;
		}
		keep(t, s.p[i]);
	}
	if (i >= s.n)
		return 0;
	if (raw)
		keep(t, end);
	return i + 1;
}

static size_t comment(struct tokens *t, struct str s, size_t i)
{
	unsigned depth = 0;

	for (; i < s.n; i++) {
		keep(t, s.p[i]);
		if (s.p[i] == '\\' && i + 1 < s.n) {
			/* the pair must stay a pair */
			char c = s.p[++i];

			buf_addc(&t->text, c == '\n' || c == '\r' ? ' ' : c);
		} else if (s.p[i] == '(' && ++depth > ADDR_NESTING) {
			return 0;
		} else if (s.p[i] == ')' && --depth == 0) {
			return i + 1;
		}
	}
	return 0;
}

static size_t atom(struct tokens *t, struct str s, size_t i)
{
	for (; i < s.n && !white(s.p[i]); i++) {
		if (s.p[i] == '\\') {
			if (i + 1 == s.n || white(s.p[i + 1]))
				return 0;
			i++;
		} else if (s.p[i] && strchr(specials, s.p[i])) {
			break;
		}
		buf_addc(&t->text, s.p[i]);
	}
	return i;
}

/* One token at i of s into *k; the position behind it, 0 for an error. */
static size_t next(struct tokens *t, struct str s, size_t i, struct token *k)
{
	static const char single[] = ".@,:;<>";
	const char *at = strchr(single, s.p[i]);

	k->pos = t->text.n;
	if (at) {
		k->kind = TOKEN_DOT + (unsigned)(at - single);
		buf_addc(&t->text, s.p[i]);
		return i + 1;
	}
	switch (s.p[i]) {
	case '"':
		k->kind = TOKEN_QUOTED;
		return enclosed(t, s, i, '"', false);
	case '[':
		k->kind = TOKEN_LITERAL;
		return enclosed(t, s, i, ']', true);
	case '(':
		k->kind = TOKEN_COMMENT;
		return comment(t, s, i);
	case ')':
	case ']':
		return 0;
	default:
		k->kind = TOKEN_ATOM;
		return atom(t, s, i);
	}
}

static const char *why(char c)
{
	switch (c) {
	case '"':
		return "unfinished quoted string";
	case '[':
		return "unfinished domain literal";
	case '(':
		return "unfinished or too deeply nested comment";
	case ')':
		return ") without (";
	case ']':
		return "] without [";
	default:
		return "backslash before nothing";
	}
}

int tokens_read(struct tokens *t, struct str value, struct err *e)
{
	struct token k = {0};

	if (value.n && memchr(value.p, 0, value.n))
		return err_perm(e, 0, "zero byte");
	for (size_t i = 0; i < value.n; k.blank = false) {
		for (; i < value.n && white(value.p[i]); i++)
			k.blank = true;
		if (i == value.n)
			break;
		size_t end = next(t, value, i, &k);

		if (!end)
			return err_perm(e, 0, "%s", why(value.p[i]));
		k.n = t->text.n - k.pos;
		vec_push(&t->list, k);
		i = end;
	}
	return 0;
}

struct str token_text(const struct tokens *t, size_t i)
{
	return str_make(t->text.p + t->list.p[i].pos, t->list.p[i].n);
}

void tokens_free(struct tokens *t)
{
	buf_free(&t->text);
	vec_free(&t->list);
}
