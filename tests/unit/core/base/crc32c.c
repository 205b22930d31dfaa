/* Unit tests of core/base/crc32c: the vectors of RFC 3720 B.4, and sums taken in pieces. */
#include "core/base/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void vectors(void **state)
{
	unsigned char b[32];

	(void)state;
	memset(b, 0, sizeof b);
	assert_int_equal(crc32c(0, b, sizeof b), 0x8a9136aa);
	memset(b, 0xff, sizeof b);
	assert_int_equal(crc32c(0, b, sizeof b), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		b[i] = (unsigned char)i;
	assert_int_equal(crc32c(0, b, sizeof b), 0x46dd794e);
	for (int i = 0; i < 32; i++)
		b[i] = (unsigned char)(31 - i);
	assert_int_equal(crc32c(0, b, sizeof b), 0x113fdb5c);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, NULL, 0), 0);
}

static void pieces(void **state)
{
	const char text[] = "The sum of a text does not depend on how it is cut.";

	(void)state;
	for (size_t i = 0; i <= sizeof text; i++)
		assert_int_equal(crc32c(crc32c(0, text, i), text + i, sizeof text - i), crc32c(0, text, sizeof text));
}

/* After some tens of kilobytes the processor's instruction takes over from the tables: nothing changes. */
static void same_later(void **state)
{
	static unsigned char block[4096 + 3];
	uint32_t first;

	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (unsigned char)(i * 7 + (i >> 8));
	first = crc32c(5, block, sizeof block);
	for (int i = 0; i < 100; i++)
		assert_int_equal(crc32c(5, block, sizeof block), first);
	vectors(state);
	pieces(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(vectors), cmocka_unit_test(pieces), cmocka_unit_test(same_later)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
