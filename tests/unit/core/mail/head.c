/* head - where the header ends, its fields, bytes arriving one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/mail/head.h"

/* The same end whatever the pieces. */
static void ends(const char *text, size_t header, size_t separator)
{
	struct str s = str_z(text);

	for (size_t step = 1; step <= s.n + 1; step++) {
		struct head_scan h = {0, 0};
		size_t have = 0;

		while (!head_scan(&h, str_to(s, have), have == s.n))
			have = have + step < s.n ? have + step : s.n;
		assert_int_equal(h.line, header);
	}
	assert_int_equal(head_separator(str_from(s, header)), separator);
}

static void scanning(void **state)
{
	(void)state;
	ends("", 0, 0);
	ends("\nbody", 0, 1);
	ends("A: b\n\nbody\n", 5, 1);
	ends("A: b\r\n\r\nbody\r\n", 6, 2);
	ends("A: b\n c\n\td\nE:\n\n", 14, 1);
	ends("A: b", 4, 0);
	ends("A: b\nno field\n", 5, 0);
	ends("hello\nA: b\n", 0, 0);
	ends(" hello\nA: b\n", 0, 0);
	ends("From joe Thu Jan 1\nA: b\n\n", 24, 1);
}

static void fields(void **state)
{
	struct str rest = STR("To: a\n b\nSubject : x\r\nEmpty:\nLast: z");
	struct head_field f;
	struct err e;

	(void)state;
	assert_int_equal(head_next(&rest, &f, &e), 1);
	assert_true(str_eq(f.name, STR("To")) && str_eq(f.value, STR(" a\n b\n")));
	assert_true(str_eq(f.all, STR("To: a\n b\n")));
	assert_int_equal(head_next(&rest, &f, &e), 1);
	assert_true(str_eq(f.name, STR("Subject")) && str_eq(f.value, STR(" x\r\n")));
	assert_int_equal(head_next(&rest, &f, &e), 1);
	assert_true(str_eq(f.name, STR("Empty")) && str_eq(f.value, STR("\n")));
	assert_int_equal(head_next(&rest, &f, &e), 1);
	assert_true(str_eq(f.name, STR("Last")) && str_eq(f.all, STR("Last: z")));
	assert_int_equal(head_next(&rest, &f, &e), 0);
}

static void bad_names(void **state)
{
	static const char *const bad[] = {"a b: c\n", ": c\n", " : c\n", "a\x01: c\n", "a\x80: c\n", "none\n"};
	struct head_field f;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct str rest = str_z(bad[i]);

		assert_int_equal(head_next(&rest, &f, &e), -1);
		assert_int_equal(e.class, ERR_PERM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scanning),
		cmocka_unit_test(fields),
		cmocka_unit_test(bad_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
