/* Unit tests of core/base/str: views, with their edges. */
#include "core/base/str.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void is(struct str s, const char *want)
{
	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.p ? s.p : "", want, s.n);
}

static void comparing(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool eq, ieq, starts, istarts, ends, iends;
		int cmp;
	} t[] = {
		{"", "", true, true, true, true, true, true, 0},
		{"a", "", false, false, true, true, true, true, 1},
		{"", "a", false, false, false, false, false, false, -1},
		{"abc", "abc", true, true, true, true, true, true, 0},
		{"aBc", "AbC", false, true, false, true, false, true, 1},
		{"abcd", "ab", false, false, true, true, false, false, 1},
		{"abcd", "cD", false, false, false, false, false, true, -1},
		{"abcd", "CD", false, false, false, false, false, true, 1},
		{"\344", "\304", false, false, false, false, false, false, 1},
		{"[", "{", false, false, false, false, false, false, -1},
		{"\200", "a", false, false, false, false, false, false, 1},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct str a = str_z(t[i].a), b = str_z(t[i].b);
		int c = str_cmp(a, b);

		assert_int_equal(str_eq(a, b), t[i].eq);
		assert_int_equal(str_ieq(a, b), t[i].ieq);
		assert_int_equal(str_starts(a, b), t[i].starts);
		assert_int_equal(str_istarts(a, b), t[i].istarts);
		assert_int_equal(str_ends(a, b), t[i].ends);
		assert_int_equal(str_iends(a, b), t[i].iends);
		assert_int_equal((c > 0) - (c < 0), t[i].cmp);
	}
}

static void finding(void **state)
{
	(void)state;
	struct str s = STR("a.b\0c.d");

	assert_int_equal(str_chr(s, '.'), 1);
	assert_int_equal(str_rchr(s, '.'), 5);
	assert_int_equal(str_chr(s, '\0'), 3);
	assert_int_equal(str_chr(s, 'x'), 7);
	assert_int_equal(str_rchr(s, 'x'), 7);
	assert_int_equal(str_rchr(s, 'a'), 0);
	assert_int_equal(str_chr(str_z(NULL), 'x'), 0);
	assert_int_equal(str_rchr(STR(""), 'x'), 0);
	assert_int_equal(str_find(s, STR("b\0c")), 2);
	assert_int_equal(str_find(s, STR(".d")), 5);
	assert_int_equal(str_find(s, STR(".dd")), 7);
	assert_int_equal(str_find(s, STR("")), 0);
	assert_int_equal(str_find(STR("aaab"), STR("aab")), 1);
	assert_int_equal(str_find(STR("ab"), STR("abc")), 2);
	assert_int_equal(str_find(STR(""), STR("a")), 0);
}

static void slicing(void **state)
{
	(void)state;
	is(str_from(STR("abc"), 1), "bc");
	is(str_from(STR("abc"), 3), "");
	is(str_from(STR("abc"), 9), "");
	assert_non_null(str_from(str_z(NULL), 9).p);
	is(str_to(STR("abc"), 1), "a");
	is(str_to(STR("abc"), 9), "abc");
	is(str_trim(STR(" \t\r\n a b \n\r\t ")), "a b");
	is(str_trim(STR(" \n")), "");
	is(str_rtrim(STR(" a \r\n")), " a");
	is(str_rtrim(STR("a\v")), "a\v");
}

static void cutting(void **state)
{
	(void)state;
	struct str rest = STR("a::b:");

	is(str_cut(&rest, ':'), "a");
	is(str_cut(&rest, ':'), "");
	is(str_cut(&rest, ':'), "b");
	assert_non_null(rest.p);
	is(str_cut(&rest, ':'), "");
	assert_null(rest.p);
	rest = STR("");
	is(str_cut(&rest, ':'), "");
	assert_null(rest.p);
	rest = STR("  one\ttwo\r\n three ");
	is(str_word(&rest), "one");
	is(str_word(&rest), "two");
	is(str_word(&rest), "three");
	is(str_word(&rest), "");
	is(str_word(&rest), "");
}

static void characters(void **state)
{
	(void)state;
	for (int c = -128; c < 128; c++) {
		bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';

		assert_int_equal(chr_lower((char)c), upper ? c + 32 : c);
		assert_int_equal(chr_upper((char)c), lower ? c - 32 : c);
		assert_int_equal(chr_alnum((char)c), lower || upper || digit);
		assert_int_equal(chr_digit((char)c), digit);
		assert_int_equal(chr_blank((char)c), c == ' ' || c == '\t');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparing),
		cmocka_unit_test(finding),
		cmocka_unit_test(slicing),
		cmocka_unit_test(cutting),
		cmocka_unit_test(characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
