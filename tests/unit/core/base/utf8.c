/* Unit tests of core/base/utf8: the edges of every range in RFC 3629 section 4. */
#include "core/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void validity(void **state)
{
	(void)state;
	static const struct {
		struct str text;
		bool valid, ascii;
	} t[] = {
		{STR(""), true, true}, {STR("\x01 ~\x7f"), true, true}, {STR("a\0b"), true, false},
		{STR("\x80"), false, false}, {STR("\xbf"), false, false}, {STR("\xc0\x80"), false, false},
		{STR("\xc1\xbf"), false, false}, {STR("\xc2\x80"), true, false}, {STR("\xdf\xbf"), true, false},
		{STR("\xc2"), false, false}, {STR("\xc2 "), false, false}, {STR("\xc2\xc2"), false, false},
		{STR("\xe0\x9f\xbf"), false, false}, {STR("\xe0\xa0\x80"), true, false},
		{STR("\xed\x9f\xbf"), true, false}, {STR("\xed\xa0\x80"), false, false},
		{STR("\xee\x80\x80"), true, false}, {STR("\xef\xbf\xbf"), true, false},
		{STR("\xef\xbf"), false, false}, {STR("\xe1\x80\x7f"), false, false},
		{STR("\xf0\x8f\xbf\xbf"), false, false}, {STR("\xf0\x90\x80\x80"), true, false},
		{STR("\xf4\x8f\xbf\xbf"), true, false}, {STR("\xf4\x90\x80\x80"), false, false},
		{STR("\xf1\x80\x80"), false, false}, {STR("\xf1\x80\x80\xc0"), false, false},
		{STR("\xf5\x80\x80\x80"), false, false}, {STR("\xff"), false, false},
		{STR("gr\xc3\xbc\xc3\x9f \xf0\x9f\x93\xa8!"), true, false},
		{STR("gr\xc3\xbc\xc3"), false, false},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		assert_int_equal(utf8_valid(t[i].text), t[i].valid);
		assert_int_equal(utf8_ascii(t[i].text), t[i].ascii);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(validity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
