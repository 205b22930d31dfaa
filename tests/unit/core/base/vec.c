/* Unit tests of core/base/vec: growing, reserving, evaluating once. */
#include "core/base/vec.h"

#include "core/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void pushing(void **state)
{
	(void)state;
	VEC(int) v = {0};
	int calls = 0;

	for (int i = 0; i < 10000; i++)
		vec_push(&v, 3 * calls++);
	assert_int_equal(calls, 10000);
	assert_int_equal(v.n, 10000);
	assert_true(v.cap >= v.n);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(v.p[i], 3 * i);
	size_t cap = v.cap;

	vec_clear(&v);
	assert_int_equal(v.n, 0);
	vec_push(&v, 7);
	assert_int_equal(v.cap, cap);
	assert_int_equal(v.p[0], 7);
	vec_free(&v);
	assert_null(v.p);
	assert_int_equal(v.n + v.cap, 0);
	vec_free(&v);
}

static void reserving(void **state)
{
	(void)state;
	VEC(struct str) v = {0};

	vec_reserve(&v, 0);
	assert_null(v.p);
	vec_reserve(&v, 100);
	assert_true(v.cap >= 100);
	assert_int_equal(v.n, 0);
	struct str *p = v.p;

	for (int i = 0; i < 100; i++)
		vec_push(&v, STR("x"));
	assert_ptr_equal(v.p, p);
	vec_reserve(&v, 10);
	assert_ptr_equal(v.p, p);
	assert_true(str_eq(v.p[99], STR("x")));
	vec_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pushing),
		cmocka_unit_test(reserving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
