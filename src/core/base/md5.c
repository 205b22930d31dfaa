/* md5 - RFC 1321; see md5.h. */
#include "core/base/md5.h"

#include <string.h>

/* 2^32 times |sin(i + 1)|, cut to a whole number. */
static const uint32_t sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
/* How far each step of a round turns its sum, four in turn. */
static const unsigned char turns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t turn(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static uint32_t word_at(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The function of a round, and which word of the block its step takes. */
static uint32_t mix(unsigned step, uint32_t b, uint32_t c, uint32_t d, unsigned *word)
{
	switch (step / 16) {
	case 0:
		*word = step;
		return (b & c) | (~b & d);
	case 1:
		*word = (5 * step + 1) % 16;
		return (b & d) | (c & ~d);
	case 2:
		*word = (3 * step + 5) % 16;
		return b ^ c ^ d;
	default:
		*word = 7 * step % 16;
		return c ^ (b | ~d);
	}
}

static void digest_block(struct md5 *m)
{
	uint32_t a = m->state[0], b = m->state[1], c = m->state[2], d = m->state[3];

	for (unsigned i = 0; i < 64; i++) {
		unsigned word;
		uint32_t sum = a + mix(i, b, c, d, &word) + sines[i];

		sum += word_at(m->block + 4 * word);
		a = d;
		d = c;
		c = b;
		b += turn(sum, turns[i / 16][i % 4]);
	}
	m->state[0] += a;
	m->state[1] += b;
	m->state[2] += c;
	m->state[3] += d;
}

void md5_start(struct md5 *m)
{
	*m = (struct md5){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
}

void md5_feed(struct md5 *m, struct str s)
{
	while (s.n) {
		size_t at = m->bytes % 64, take = s.n < 64 - at ? s.n : 64 - at;

		memcpy(m->block + at, s.p, take);
		m->bytes += take;
		s = str_from(s, take);
		if (at + take == 64)
			digest_block(m);
	}
}

void md5_hex(struct md5 *m, struct buf *out)
{
	static const char zeros[64] = {(char)0x80};
	uint64_t bits = m->bytes * 8;
	size_t at = m->bytes % 64;
	char length[8];

	md5_feed(m, str_make(zeros, at < 56 ? 56 - at : 120 - at));
	for (int i = 0; i < 8; i++)
		length[i] = (char)(bits >> 8 * i);
	md5_feed(m, str_make(length, sizeof length));
	for (unsigned i = 0; i < 16; i++)
		buf_fmt(out, "%02x", m->state[i / 4] >> 8 * (i % 4) & 255);
}
