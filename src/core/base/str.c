/* str - views of bytes; see str.h. */
#include "core/base/str.h"

#include <string.h>

struct str str_z(const char *z)
{
	return (struct str){z, z ? strlen(z) : 0};
}

struct str str_make(const char *p, size_t n)
{
	return (struct str){p, n};
}

char chr_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

char chr_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

bool chr_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool chr_alnum(char c)
{
	return chr_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool chr_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_ieq(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (chr_lower(a.p[i]) != chr_lower(b.p[i]))
			return false;
	return true;
}

bool str_starts(struct str s, struct str head)
{
	return s.n >= head.n && str_eq(str_to(s, head.n), head);
}

bool str_istarts(struct str s, struct str head)
{
	return s.n >= head.n && str_ieq(str_to(s, head.n), head);
}

bool str_ends(struct str s, struct str tail)
{
	return s.n >= tail.n && str_eq(str_from(s, s.n - tail.n), tail);
}

bool str_iends(struct str s, struct str tail)
{
	return s.n >= tail.n && str_ieq(str_from(s, s.n - tail.n), tail);
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r = n ? memcmp(a.p, b.p, n) : 0;

	if (r)
		return r;
	return a.n < b.n ? -1 : a.n > b.n;
}

size_t str_chr(struct str s, char c)
{
	const char *q = s.n ? memchr(s.p, c, s.n) : NULL;

	return q ? (size_t)(q - s.p) : s.n;
}

size_t str_rchr(struct str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return i - 1;
	return s.n;
}

size_t str_find(struct str s, struct str part)
{
	if (part.n == 0)
		return 0;
	for (size_t i = 0; i + part.n <= s.n; i++) {
		size_t k = str_chr(str_from(s, i), part.p[0]);

		i += k;
		if (i + part.n > s.n)
			break;
		if (memcmp(s.p + i, part.p, part.n) == 0)
			return i;
	}
	return s.n;
}

struct str str_from(struct str s, size_t i)
{
	return i < s.n ? (struct str){s.p + i, s.n - i} : (struct str){s.n ? s.p + s.n : "", 0};
}

struct str str_to(struct str s, size_t i)
{
	return (struct str){s.p, i < s.n ? i : s.n};
}

static bool white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str str_rtrim(struct str s)
{
	while (s.n && white(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_trim(struct str s)
{
	s = str_rtrim(s);
	while (s.n && white(s.p[0]))
		s = str_from(s, 1);
	return s;
}

struct str str_cut(struct str *rest, char sep)
{
	size_t i = str_chr(*rest, sep);
	struct str head = str_to(*rest, i);

	*rest = i < rest->n ? str_from(*rest, i + 1) : (struct str){NULL, 0};
	return head;
}

struct str str_word(struct str *rest)
{
	size_t i = 0;

	while (rest->n && white(rest->p[0]))
		*rest = str_from(*rest, 1);
	while (i < rest->n && !white(rest->p[i]))
		i++;
	struct str w = str_to(*rest, i);

	*rest = str_from(*rest, i);
	return w;
}
