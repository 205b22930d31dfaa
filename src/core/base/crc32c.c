/* crc32c - eight bytes a step, by the processor's own instruction or by tables; see crc32c.h. */
#include "core/base/crc32c.h"

enum { STEP = 8 };

/* table[k][b]: what byte b does to the sum k bytes later. */
static uint32_t table[STEP][256];

static void make_tables(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t c = b;

		for (int i = 0; i < 8; i++)
			c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
		table[0][b] = c;
	}
	for (int k = 1; k < STEP; k++)
		for (int b = 0; b < 256; b++)
			table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 255];
}

static uint32_t by_tables(uint32_t crc, const unsigned char *p, size_t n)
{
	if (!table[0][1])
		make_tables();
	for (; n >= STEP; n -= STEP, p += STEP) {
		crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = table[7][crc & 255] ^ table[6][crc >> 8 & 255] ^ table[5][crc >> 16 & 255] ^ table[4][crc >> 24] ^
			table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	}
	while (n--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
	return crc;
}

#ifdef __x86_64__
#include <cpuid.h>
#include <stdbool.h>
#include <string.h>

/* Asking the processor costs some ten microseconds under a hypervisor, as much as the tables need for this many bytes: a
 * program that sums less never asks. */
enum { ASK_AFTER = 32768 };

static bool has_instruction(size_t n)
{
	static enum { UNKNOWN, NO, YES } known;
	static size_t summed;
	unsigned a, b, c, d;

	if (known == UNKNOWN && (summed += n) > ASK_AFTER)
		known = __get_cpuid(1, &a, &b, &c, &d) && c & bit_SSE4_2 ? YES : NO;
	return known == YES;
}

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	unsigned long long sum = crc, word;

	for (; n >= STEP; n -= STEP, p += STEP) {
		memcpy(&word, p, STEP);
		sum = __builtin_ia32_crc32di(sum, word);
	}
	crc = (uint32_t)sum;
	while (n--)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return crc;
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t n)
{
#ifdef __x86_64__
	if (has_instruction(n))
		return ~by_instruction(~crc, data, n);
#endif
	return ~by_tables(~crc, data, n);
}
