/* tai - TAI64N labels; see tai.h. */
#include "core/base/tai.h"

#include <string.h>

static const uint64_t epoch = 0x400000000000000a;	/* the second 0 of Unix */
static const char digits[] = "0123456789abcdef";

/* n digits of v, most significant first. */
static void hex(char *out, uint64_t v, int n)
{
	while (n--) {
		out[n] = digits[v & 15];
		v >>= 4;
	}
}

void tai_label(struct tai_pen *pen, char out[TAI_LABEL], int64_t sec, uint32_t nsec)
{
	if (sec != pen->sec || !pen->head[0]) {
		pen->head[0] = '@';
		hex(pen->head + 1, epoch + (uint64_t)sec, 16);
		pen->sec = sec;
	}
	memcpy(out, pen->head, sizeof pen->head);
	hex(out + sizeof pen->head, nsec, 8);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = chr_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool tai_parse(struct str s, int64_t *sec, uint32_t *nsec)
{
	uint64_t word[2] = {0, 0};

	if (s.n < TAI_LABEL || s.p[0] != '@')
		return false;
	for (int i = 1; i < TAI_LABEL; i++) {
		int d = digit(s.p[i]);

		if (d < 0)
			return false;
		word[i > 16] = word[i > 16] << 4 | (unsigned)d;
	}
	if (word[0] >> 63 || word[1] > 999999999)
		return false;
	*sec = (int64_t)(word[0] - epoch);
	*nsec = (uint32_t)word[1];
	return true;
}
