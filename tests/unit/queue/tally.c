/* Unit tests of queue/tally: recipients by domain and age. */
#include "queue/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/mem.h"

static void table(void **state)
{
	struct tally t = {0};
	struct buf b = BUF_INIT;

	(void)state;
	tally_add(&t, STR("B.org"), 10);
	tally_add(&t, STR("b.ORG"), 300);
	tally_add(&t, STR("b.org"), 301);
	tally_add(&t, STR("a.org"), 1000000);
	tally_add(&t, STR("c.org"), 3600);
	tally_add(&t, STR(""), 0);
	assert_int_equal(t.total.n, 6);
	assert_int_equal(t.used, 4);
	tally_show(&t, true, &b);
	assert_string_equal(b.p,
		"{\"domain\":\"b.org\",\"recipients\":3,\"5m\":2,\"10m\":1,\"30m\":0,\"1h\":0,\"4h\":0,\"1d\":0,\"2d\":0,\"5d\":0,\"more\":0}\n"
		"{\"domain\":\"(none)\",\"recipients\":1,\"5m\":1,\"10m\":0,\"30m\":0,\"1h\":0,\"4h\":0,\"1d\":0,\"2d\":0,\"5d\":0,\"more\":0}\n"
		"{\"domain\":\"a.org\",\"recipients\":1,\"5m\":0,\"10m\":0,\"30m\":0,\"1h\":0,\"4h\":0,\"1d\":0,\"2d\":0,\"5d\":0,\"more\":1}\n"
		"{\"domain\":\"c.org\",\"recipients\":1,\"5m\":0,\"10m\":0,\"30m\":0,\"1h\":1,\"4h\":0,\"1d\":0,\"2d\":0,\"5d\":0,\"more\":0}\n");
	assert_null(t.rows);
	buf_free(&b);
}

/* Memory ends somewhere. */
static void many(void **state)
{
	struct tally t = {0};
	struct buf b = BUF_INIT, name = BUF_INIT;

	(void)state;
	for (int i = 0; i < TALLY_DOMAINS + 100; i++) {
		buf_clear(&name);
		buf_fmt(&name, "d%d.example", i);
		tally_add(&t, buf_str(&name), 1);
	}
	assert_int_equal(t.used, TALLY_DOMAINS);
	assert_int_equal(t.others.n, 100);
	assert_int_equal(t.total.n, TALLY_DOMAINS + 100);
	tally_show(&t, false, &b);
	assert_true(str_find(buf_str(&b), STR("(others) ")) < b.n);
	buf_free(&b);
	buf_free(&name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
