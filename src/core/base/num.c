/* num - numbers in text; see num.h. */
#include "core/base/num.h"

#include <limits.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = chr_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static size_t scan(struct str s, unsigned base, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < s.n && digit(s.p[i]) < (int)base; i++) {
		uint64_t d = (uint64_t)digit(s.p[i]);

		if (v > (UINT64_MAX - d) / base)
			return 0;
		v = v * base + d;
	}
	if (i)
		*out = v;
	return i;
}

size_t num_scan(struct str s, uint64_t *out)
{
	return scan(s, 10, out);
}

size_t num_scan_octal(struct str s, uint64_t *out)
{
	return scan(s, 8, out);
}

size_t num_scan_hex(struct str s, uint64_t *out)
{
	return scan(s, 16, out);
}

bool num_parse(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t v;

	if (num_scan(s, &v) != s.n || s.n == 0 || v > max)
		return false;
	*out = v;
	return true;
}

bool num_lead(struct str s, long *out)
{
	bool minus = s.n && s.p[0] == '-';
	uint64_t v;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_from(s, 1);
	if (!s.n || !chr_digit(s.p[0]))
		return false;
	if (!num_scan(s, &v) || v > LONG_MAX)
		v = LONG_MAX;
	*out = minus ? -(long)v : (long)v;
	return true;
}
