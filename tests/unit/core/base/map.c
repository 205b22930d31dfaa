/* Unit tests of core/base/map: many keys, case, the first value wins. */
#include "core/base/map.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void an_empty_map(void **state)
{
	(void)state;
	struct map m = {0};

	assert_false(map_get(&m, STR("a"), NULL));
	map_free(&m);
	map_free(&m);
}

static void the_first_value_stays(void **state)
{
	(void)state;
	struct map m = {0};
	struct str v = STR("untouched");

	map_put(&m, STR("Key"), STR("1"));
	map_put(&m, STR("kEY"), STR("2"));
	map_put(&m, STR(""), STR("empty"));
	assert_int_equal(m.used, 2);
	assert_true(map_get(&m, STR("KEY"), &v));
	assert_true(str_eq(v, STR("1")));
	assert_true(map_get(&m, STR(""), &v));
	assert_true(str_eq(v, STR("empty")));
	v = STR("untouched");
	assert_false(map_get(&m, STR("key "), &v));
	assert_false(map_get(&m, STR("ke"), &v));
	assert_true(str_eq(v, STR("untouched")));
	assert_true(map_get(&m, STR("key"), NULL));
	map_free(&m);
}

static void many(void **state)
{
	(void)state;
	static char keys[20000][8];
	struct map m = {0};
	struct str v;

	for (int i = 0; i < 20000; i += 2) {
		snprintf(keys[i], sizeof keys[i], "k%d", i);
		map_put(&m, str_z(keys[i]), str_make(keys[i] + 1, 1));
	}
	assert_int_equal(m.used, 10000);
	for (int i = 0; i < 20000; i++) {
		char key[8];

		snprintf(key, sizeof key, "K%d", i);
		assert_int_equal(map_get(&m, str_z(key), &v), i % 2 == 0);
		if (i % 2 == 0)
			assert_ptr_equal(v.p, keys[i] + 1);
	}
	map_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map),
		cmocka_unit_test(the_first_value_stays),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
