/* reserve - what is taken lies inside, apart and zeroed; what is given back can be taken again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/reserve.h"

enum { SIZE = 1024 };

static char *pool;

static int enter(void **state)
{
	(void)state;
	pool = calloc(1, SIZE);
	reserve_use(pool, SIZE);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	reserve_use(NULL, 0);
	free(pool);
	return 0;
}

static void take(void **state)
{
	(void)state;
	char *a = reserve_take(10), *b = reserve_take(100);

	assert_true(a >= pool && b >= a + 10 && b + 100 <= pool + SIZE);
	assert_int_equal((uintptr_t)a % 16 + (uintptr_t)b % 16, 0);
	assert_true(reserve_owns(a) && reserve_owns(b) && !reserve_owns(state) && !reserve_owns(NULL));
	assert_int_equal(reserve_size(b), 100);
	assert_null(reserve_take(SIZE));
	assert_null(reserve_take(SIZE_MAX));
	assert_null(reserve_take(SIZE_MAX - 8));
	memset(b, 'x', 100);
	reserve_give(b);
	b = reserve_take(100);
	assert_int_equal(b[0] | b[99], 0);
}

static void give(void **state)
{
	(void)state;
	char *a = reserve_take(400), *b = reserve_take(400);

	assert_non_null(b);
	assert_null(reserve_take(400));
	reserve_give(a);		/* below something that is used */
	assert_null(reserve_take(400));
	reserve_give(b);
	assert_ptr_equal(reserve_take(800), a);
}

static void resize(void **state)
{
	(void)state;
	char *a = reserve_take(100), *b = reserve_take(100);

	assert_false(reserve_resize(a, 200));
	assert_true(reserve_resize(a, 50));
	assert_true(reserve_resize(b, 500));
	assert_false(reserve_resize(b, SIZE));
	assert_false(reserve_resize(b, SIZE_MAX));
	assert_true(reserve_resize(b, 1));
	assert_non_null(reserve_take(600));
}

/* Blocks move out of the reserve as soon as the system has some. */
static void move(void **state)
{
	(void)state;
	char *a = reserve_take(10), *b = reserve_take(10);

	strcpy(a, "something");
	a = mem_resize(a, 5000);
	assert_false(reserve_owns(a));
	assert_string_equal(a, "something");
	mem_free(a);
	mem_free(b);
	assert_non_null(reserve_take(900));
}

static void nothing(void **state)
{
	(void)state;
	reserve_use(NULL, 0);
	assert_null(reserve_take(0));
	assert_false(reserve_owns(pool));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(take, enter, leave),
		cmocka_unit_test_setup_teardown(give, enter, leave),
		cmocka_unit_test_setup_teardown(resize, enter, leave),
		cmocka_unit_test_setup_teardown(move, enter, leave),
		cmocka_unit_test_setup_teardown(nothing, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
