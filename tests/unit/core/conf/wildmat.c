/* Unit tests of core/conf/wildmat: every kind of element, and patterns made to be slow. */
#include "core/conf/wildmat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void table(void **state)
{
	(void)state;
	static const struct {
		const char *text, *pattern;
		bool match;
	} t[] = {
		{"", "", true}, {"", "*", true}, {"", "?", false}, {"", "a", false}, {"a", "", false},
		{"abc", "abc", true}, {"abc", "abC", false}, {"abc", "ab", false}, {"abc", "abcd", false},
		{"abc", "a?c", true}, {"ac", "a?c", false}, {"abc", "*", true}, {"abc", "**", true},
		{"abc", "*c", true}, {"abc", "*b", false}, {"abc", "a*", true}, {"abc", "*b*", true},
		{"a.b/c", "*/*", true}, {"user@host.example", "*@*.example", true},
		{"user@host.example.org", "*@*.example", false}, {"aXbXc", "a*X*c", true}, {"abab", "*ab", true},
		{"b", "[abc]", true}, {"d", "[abc]", false}, {"m", "[a-z]", true}, {"M", "[a-z]", false},
		{"m", "[^a-z]", false}, {"M", "[^a-z]", true}, {"m", "[!a-z]", false},
		{"]", "[]a]", true}, {"a", "[]a]", true}, {"b", "[^]a]", true}, {"-", "[a-]", true}, {"-", "[-a]", true},
		{"b", "[a-]", false}, {"\344", "[\340-\350]", true}, {"m", "[z-a]", false},
		{"[", "[", true}, {"[ab", "[ab", true}, {"a", "[ab", false},
		{"*", "\\*", true}, {"a", "\\*", false}, {"?", "\\?", true}, {"\\", "\\\\", true}, {"\\", "\\", true},
		{"a", "\\a", true},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		if (wildmat(str_z(t[i].text), str_z(t[i].pattern)) != t[i].match)
			fail_msg("text '%s' pattern '%s' want %d", t[i].text, t[i].pattern, t[i].match);
}

static void never_exponential(void **state)
{
	(void)state;
	static char text[3000], pattern[120];

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = 'a';
	for (size_t i = 0; i < sizeof pattern; i += 2) {
		pattern[i] = '*';
		pattern[i + 1] = 'a';
	}
	struct str p = str_make(pattern, sizeof pattern);

	assert_true(wildmat(str_make(text, sizeof text), p));
	pattern[sizeof pattern - 1] = 'b';
	assert_false(wildmat(str_make(text, sizeof text), p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(never_exponential),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
