/* Unit tests of core/base/buf: growth, the NUL behind the bytes, content that points into itself. */
#include "core/base/buf.h"

#include <string.h>

#include "core/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void is(const struct buf *b, struct str want)
{
	assert_int_equal(b->n, want.n);
	assert_memory_equal(b->p, want.p, want.n);
	assert_int_equal(b->p[b->n], 0);
	assert_true(b->n == 0 || b->cap > b->n);
}

static void nothing_is_a_string(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;

	is(&b, STR(""));
	buf_clear(&b);
	buf_trunc(&b, 5);
	buf_drop(&b, 5);
	buf_put(&b, NULL, 0);
	buf_set(&b, STR(""));
	buf_fmt(&b, "%s", "");
	buf_lower(&b);
	is(&b, STR(""));
	assert_int_equal(b.cap, 0);
	char *p = buf_take(&b);

	assert_string_equal(p, "");
	mem_free(p);
	buf_free(&b);
	buf_free(&b);
}

static void appending(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;

	buf_adds(&b, "Ab");
	buf_addc(&b, 0);
	buf_add(&b, STR("\0C"));
	buf_put(&b, "d", 1);
	buf_fmt(&b, "%d%s", -7, "E");
	is(&b, STR("Ab\0\0Cd-7E"));
	buf_lower(&b);
	is(&b, STR("ab\0\0cd-7e"));
	buf_trunc(&b, 100);
	buf_trunc(&b, 6);
	is(&b, STR("ab\0\0cd"));
	buf_drop(&b, 1);
	is(&b, STR("b\0\0cd"));
	buf_drop(&b, 100);
	is(&b, STR(""));
	buf_free(&b);
	is(&b, STR(""));
}

static void growth(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;

	for (int i = 0; i < 100000; i++) {
		buf_addc(&b, (char)i);
		assert_int_equal(b.p[b.n], 0);
	}
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.p[i], (char)i);
	memset(buf_grow(&b, 200000), 'x', 200000);
	buf_advance(&b, 200000);
	assert_int_equal(b.n, 300000);
	assert_int_equal(b.p[299999], 'x');
	assert_int_equal(b.p[300000], 0);
	buf_clear(&b);
	for (int i = 0; i < 3000; i++)
		buf_fmt(&b, "%0100d", i);
	assert_int_equal(b.n, 300000);
	assert_memory_equal(b.p + 299996, "2999", 4);
	buf_free(&b);
}

/* Short and long, and those in between. */
static void formats(void **state)
{
	(void)state;
	struct buf b = BUF_INIT, twice = BUF_INIT;

	for (int n = 1; n < 600; n++) {
		buf_set(&b, STR("<"));
		buf_fmt(&b, "%0*d>", n, n);
		assert_int_equal(b.n, n + 2);
		assert_int_equal(b.p[0], '<');
		assert_int_equal(b.p[b.n - 2] - '0', n % 10);
		assert_string_equal(b.p + b.n - 1, ">");
		buf_set(&twice, buf_str(&b));
		buf_fmt(&b, "%s", twice.p);
		assert_int_equal(b.n, 2 * twice.n);
		assert_memory_equal(b.p + twice.n, twice.p, twice.n + 1);
	}
	buf_free(&b);
	buf_free(&twice);
}

static void set_from_itself(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;

	buf_set(&b, STR("hello world"));
	buf_set(&b, str_from(buf_str(&b), 6));
	is(&b, STR("world"));
	buf_set(&b, buf_str(&b));
	is(&b, STR("world"));
	buf_set(&b, str_from(buf_str(&b), 5));
	is(&b, STR(""));
	buf_set(&b, STR("again"));
	char *p = buf_take(&b);

	assert_string_equal(p, "again");
	mem_free(p);
	is(&b, STR(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_a_string),
		cmocka_unit_test(appending),
		cmocka_unit_test(growth),
		cmocka_unit_test(formats), cmocka_unit_test(set_from_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
