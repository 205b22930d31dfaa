/* Unit tests of queue/steer: what is an order. */
#include "queue/steer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void orders(void **state)
{
	static const char *const bad[] = {"", "hold", "hold ", "hold x", "hold 0", "hold 1 ", "hold -1", "Hold 1", "holdx 1",
		"hold 99999999999999999999", " hold 1", "hold  1"};
	enum steer_verb v = STEER_VERBS;
	uint64_t id = 0;

	(void)state;
	for (int i = 0; i < STEER_VERBS; i++) {
		struct buf b = BUF_INIT;

		buf_fmt(&b, "%s 17", steer_verbs[i]);
		assert_true(steer_parse(buf_str(&b), &v, &id));
		assert_int_equal(v, i);
		assert_int_equal(id, 17);
		buf_free(&b);
	}
	assert_true(steer_parse(STR("take 18446744073709551615"), &v, &id));
	assert_true(id == UINT64_MAX);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(steer_parse(str_z(bad[i]), &v, &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(orders)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
