/* Unit tests of core/base/num: digits, limits, what may follow. */
#include "core/base/num.h"

#include <limits.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void scanning(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int base;
		size_t used;
		uint64_t value;
	} t[] = {
		{"", 10, 0, 0}, {"x", 10, 0, 0}, {"-1", 10, 0, 0}, {" 1", 10, 0, 0}, {"0", 10, 1, 0},
		{"0017x", 10, 4, 17}, {"12a", 10, 2, 12},
		{"18446744073709551615", 10, 20, UINT64_MAX}, {"18446744073709551616", 10, 0, 0},
		{"99999999999999999999999", 10, 0, 0},
		{"7778", 8, 3, 0777}, {"8", 8, 0, 0}, {"1777777777777777777777", 8, 22, UINT64_MAX},
		{"2000000000000000000000", 8, 0, 0},
		{"fFg", 16, 2, 255}, {"0x1", 16, 1, 0}, {"ffffffffffffffff", 16, 16, UINT64_MAX},
		{"10000000000000000", 16, 0, 0}, {"g", 16, 0, 0}, {"@", 16, 0, 0}, {"`", 16, 0, 0},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		uint64_t v = 4711;
		struct str s = str_z(t[i].text);
		size_t used = t[i].base == 10 ? num_scan(s, &v) : t[i].base == 8 ? num_scan_octal(s, &v) :
			num_scan_hex(s, &v);

		assert_int_equal(used, t[i].used);
		assert_true(v == (used ? t[i].value : 4711));
	}
}

static void whole_text(void **state)
{
	(void)state;
	uint64_t v = 5;

	assert_true(num_parse(STR("065535"), 65535, &v));
	assert_int_equal(v, 65535);
	assert_true(num_parse(STR("18446744073709551615"), UINT64_MAX, &v));
	assert_true(v == UINT64_MAX);
	v = 5;
	assert_false(num_parse(STR("65536"), 65535, &v));
	assert_false(num_parse(STR(""), 65535, &v));
	assert_false(num_parse(STR("1 "), 65535, &v));
	assert_false(num_parse(STR("+1"), 65535, &v));
	assert_false(num_parse(STR("18446744073709551616"), UINT64_MAX, &v));
	assert_int_equal(v, 5);
}

static void leading(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		long value;
	} t[] = {
		{"12 apples", true, 12}, {"-3x", true, -3}, {"+4", true, 4}, {"0", true, 0}, {"-0", true, 0},
		{"", false, 0}, {"-", false, 0}, {"+", false, 0}, {"--1", false, 0}, {" 1", false, 0}, {"x", false, 0},
		{"99999999999999999999", true, LONG_MAX}, {"-99999999999999999999", true, -LONG_MAX},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		long n = 4711;

		assert_int_equal(num_lead(str_z(t[i].text), &n), t[i].ok);
		assert_int_equal(n, t[i].ok ? t[i].value : 4711);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scanning),
		cmocka_unit_test(whole_text),
		cmocka_unit_test(leading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
