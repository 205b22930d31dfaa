/* Unit tests of svc/logmatch: stars, their stopping, whole lines, NUL bytes. */
#include "svc/logmatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void table(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		struct str line;
		bool yes;
	} t[] = {
		{"", STR(""), true}, {"", STR("a"), false}, {"a", STR(""), false}, {"abc", STR("abc"), true},
		{"abc", STR("abcd"), false}, {"abcd", STR("abc"), false}, {"*", STR(""), true}, {"*", STR("a\0b"), true},
		{"a*", STR("a"), true}, {"a*", STR("ab"), true}, {"a*", STR("ba"), false},
		{"*b", STR("aab"), true}, {"*b", STR("abab"), false}, {"*b", STR("aa"), false}, {"*b", STR(""), false},
		{"*b*", STR("abab"), true}, {"*: *", STR("x: y: z"), true}, {"*: y", STR("x y: y"), true},
		{"*: y", STR("x:y: y"), false}, {"*b*c", STR("abxc"), true}, {"*b*c", STR("abcxc"), false},
		{"**", STR("x*"), true}, {"**", STR("x"), false}, {"**x", STR("a*bx"), true}, {"*?", STR("a?"), true},
		{"a\xff", STR("a\xff"), true}, {"*\xff", STR("\0\xff"), true},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		if (logmatch(t[i].pattern, t[i].line) != t[i].yes)
			fail_msg("%s against %.*s", t[i].pattern, STR_FMT(t[i].line));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
