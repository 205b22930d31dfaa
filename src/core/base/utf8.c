/* utf8 - validity of UTF-8 text; see utf8.h. */
#include "core/base/utf8.h"

bool utf8_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == 0 || (unsigned char)s.p[i] > 127)
			return false;
	return true;
}

/* Length of the sequence at the start of s, 0 when it is invalid (RFC 3629 section 4). */
static size_t sequence(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf) {
		n = 2;
	} else if (c >= 0xe0 && c <= 0xef) {
		n = 3;
		low = c == 0xe0 ? 0xa0 : 0x80;
		high = c == 0xed ? 0x9f : 0xbf;
	} else if (c >= 0xf0 && c <= 0xf4) {
		n = 4;
		low = c == 0xf0 ? 0x90 : 0x80;
		high = c == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (s.n < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		unsigned char d = (unsigned char)s.p[i];

		if (d < low || d > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

bool utf8_valid(struct str s)
{
	while (s.n) {
		size_t n = sequence(s);

		if (!n)
			return false;
		s = str_from(s, n);
	}
	return true;
}
