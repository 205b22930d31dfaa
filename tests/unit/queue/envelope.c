/* Unit tests of queue/envelope: records in any order, damage of every kind. */
#include "queue/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void whole(void **state)
{
	struct envelope v;
	struct err e;

	(void)state;
	assert_int_equal(envelope_parse(STR("u12\0p345\0Fa@b\0Tc@d\0T\0eX: 1\n\0hY: 2\n\0"), &v, &e), 0);
	assert_int_equal(v.uid, 12);
	assert_int_equal(v.pid, 345);
	assert_true(str_eq(v.sender, STR("a@b")));
	assert_int_equal(v.rcpts.n, 2);
	assert_true(str_eq(v.rcpts.p[0], STR("c@d")));
	assert_int_equal(v.rcpts.p[1].n, 0);
	assert_true(str_eq(v.extra, STR("X: 1\n")));
	assert_true(str_eq(v.headers, STR("Y: 2\n")));
	envelope_free(&v);
}

static void any_order(void **state)
{
	struct envelope v;
	struct err e;

	(void)state;
	assert_int_equal(envelope_parse(STR("Tc@d\0F\0p1\0"), &v, &e), 0);
	assert_non_null(v.sender.p);
	assert_int_equal(v.sender.n, 0);
	assert_int_equal(v.rcpts.n, 1);
	envelope_free(&v);
}

static void damage(void **state)
{
	static const struct str bad[] = {{"", 0}, {"Fa", 2}, {"Fa\0Tb", 5}, {"\0", 1}, {"Fa\0\0", 4}, {"Fa\0Xb\0", 6},
		{"Ta\0", 3}, {"D\0Fa\0", 5}};
	struct envelope v;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(envelope_parse(bad[i], &v, &e), -1);
}

static void records(void **state)
{
	struct str rest = STR("Tone\0Dtwo\0Tcut"), text;

	(void)state;
	assert_int_equal(envelope_next(&rest, &text), 'T');
	assert_true(str_eq(text, STR("one")));
	assert_int_equal(envelope_next(&rest, &text), 'D');
	assert_int_equal(envelope_next(&rest, &text), -1);
	rest = STR("");
	assert_int_equal(envelope_next(&rest, &text), 0);
}

static void no_file(void **state)
{
	struct envelope v;
	struct err e = {0};

	(void)state;
	assert_int_equal(envelope_read("/nonexistent/x", &v, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_not_equal(e.num, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(whole), cmocka_unit_test(any_order), cmocka_unit_test(damage),
		cmocka_unit_test(records), cmocka_unit_test(no_file)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
