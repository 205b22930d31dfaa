/* Unit tests of core/base/md5: the vectors of RFC 1321, whole and in pieces, and lengths around the block's. */
#include "core/base/md5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void digest(struct str s, size_t piece, const char *want)
{
	struct buf hex = BUF_INIT;
	struct md5 m;

	md5_start(&m);
	while (s.n > piece) {
		md5_feed(&m, str_to(s, piece));
		s = str_from(s, piece);
	}
	md5_feed(&m, s);
	md5_hex(&m, &hex);
	assert_string_equal(hex.p, want);
	buf_free(&hex);
}

static void vectors(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{"", "d41d8cd98f00b204e9800998ecf8427e"},
		{"a", "0cc175b9c0f1b6a831c399e269772661"},
		{"abc", "900150983cd24fb0d6963f7d28e17f72"},
		{"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
		{"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
			"d174ab98d277d9f5a5611c2c9f419d9f"},
		{"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
			"57edf4a22be3c955ac49da2e2107b67a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		for (size_t piece = 1; piece < 100; piece += 7)
			digest(str_z(t[i].text), piece, t[i].want);
}

/* The padding goes into this block or the next. */
static void edges(void **state)
{
	static const struct {
		size_t n;
		const char *want;
	} t[] = {
		{55, "04364420e25c512fd958a70738aa8f72"},
		{56, "668a72d5ba17f08e62dabcafad6db14b"},
		{57, "693037871c4a9d3d8685018905cb530a"},
		{63, "7dc2ca208106a2f703567bdff99d8981"},
		{64, "c1bb4f81d892b2d57947682aeb252456"},
		{65, "1bc932052302d074bdec39795fe00cf6"},
		{119, "ab347a5f68c8a443cfcddc633f12c24f"},
		{120, "fb98667f98096de92620b64f46e1c5b5"},
		{128, "d69cb61a6ee87200676eb0d4b90edbcb"},
	};
	char text[200];

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		digest(str_make(text, t[i].n), 64, t[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
