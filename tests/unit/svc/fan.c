/* Unit tests of svc/fan: everybody gets everything, a reader that stands still loses whole lines, alone. */
#include "svc/fan.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/buf.h"

/* Put one line of n bytes, its end included. */
static void put_line(struct fan *f, char c, size_t n)
{
	char line[FAN_SIZE];

	memset(line, c, n);
	line[n - 1] = '\n';
	fan_put(f, str_make(line, n));
}

/* Take everything there is. */
static void take(struct fan *f, struct fan_reader *r, struct buf *to, long long now)
{
	struct str s;

	while ((s = fan_next(f, r)).n) {
		buf_add(to, s);
		fan_took(f, r, s.n, now);
	}
}

static void copies(void **state)
{
	(void)state;
	static struct fan f;
	struct fan_reader a, b;
	const struct fan_reader *both[] = {&a, &b};
	struct buf in = BUF_INIT, x = BUF_INIT, y = BUF_INIT;
	unsigned long seed = 1;

	fan_join(&f, &a, 0);
	fan_join(&f, &b, 0);
	for (int i = 0; i < 20000; i++) {
		size_t room = fan_room(&f, both, 2), n;
		char block[1000];

		seed = seed * 1103515245 + 12345;
		n = (seed >> 16) % sizeof block;
		if (n > room)
			n = room;
		for (size_t k = 0; k < n; k++)
			block[k] = (char)(in.n + k);
		buf_put(&in, block, n);
		fan_put(&f, str_make(block, n));
		struct str s = fan_next(&f, &a);

		buf_add(&x, s);
		fan_took(&f, &a, s.n, i);
		s = str_to(fan_next(&f, &b), (seed >> 8) % 400);
		buf_add(&y, s);
		fan_took(&f, &b, s.n, i);
	}
	take(&f, &a, &x, 0);
	take(&f, &b, &y, 0);
	assert_true(in.n > 100000);
	assert_true(str_eq(buf_str(&in), buf_str(&x)));
	assert_true(str_eq(buf_str(&in), buf_str(&y)));
	buf_free(&in);
	buf_free(&x);
	buf_free(&y);
}

static void slow(void **state)
{
	(void)state;
	static struct fan f;
	struct fan_reader a, b;
	const struct fan_reader *both[] = {&a, &b};
	struct buf x = BUF_INIT, y = BUF_INIT;

	fan_join(&f, &a, 0);
	fan_join(&f, &b, 0);
	put_line(&f, 'a', 1000);
	buf_add(&y, str_to(fan_next(&f, &b), 10));	/* b stops in the middle of a line */
	fan_took(&f, &b, 10, 100);
	take(&f, &a, &x, 100);
	while (fan_room(&f, both, 2) >= 1000)
		put_line(&f, 'b', 1000);
	take(&f, &a, &x, 200);
	assert_false(fan_give_up(&f, &a, 99999));	/* it has nothing to take */
	assert_false(fan_give_up(&f, &b, 100 + FAN_PATIENCE_MS - 1));
	assert_true(fan_give_up(&f, &b, 100 + FAN_PATIENCE_MS));
	assert_false(fan_give_up(&f, &b, 200 + FAN_PATIENCE_MS));
	assert_int_equal(fan_room(&f, both, 2), FAN_SIZE);
	for (int i = 0; i < 30; i++) {
		put_line(&f, 'c', 1000);
		take(&f, &a, &x, 300);
	}
	assert_true(fan_resume(&f, &b, 9000));
	assert_int_equal(b.last, 'a');
	take(&f, &b, &y, 9000);
	/* it goes on with the first whole line in the ring */
	assert_int_equal((y.n - 10) % 1000, 0);
	assert_int_equal(y.n, 8010);
	assert_int_equal(y.p[10], 'c');
	assert_int_equal(b.lost + y.n, x.n);
	buf_free(&x);
	buf_free(&y);
}

static void patience(void **state)
{
	(void)state;
	static struct fan f;
	struct fan_reader a;
	struct buf x = BUF_INIT;

	fan_join(&f, &a, 0);
	put_line(&f, 'a', 100);
	assert_true(fan_give_up(&f, &a, FAN_PATIENCE_MS));
	put_line(&f, 'b', 100);
	assert_false(fan_resume(&f, &a, 9000));		/* all of it is still there */
	take(&f, &a, &x, 9000);
	assert_int_equal(x.n, 200);
	assert_int_equal(a.lost, 0);
	buf_free(&x);
}

static void joining(void **state)
{
	(void)state;
	static struct fan f;
	struct fan_reader a, b;
	struct buf x = BUF_INIT;

	fan_put(&f, STR("whole\nhalf"));
	fan_join(&f, &a, 0);
	fan_put(&f, STR(" of it\nnext\n"));
	fan_join(&f, &b, 0);
	fan_put(&f, STR("last\n"));
	take(&f, &a, &x, 0);
	assert_string_equal(x.p, "next\nlast\n");
	buf_clear(&x);
	take(&f, &b, &x, 0);
	assert_string_equal(x.p, "last\n");
	buf_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies),
		cmocka_unit_test(slow),
		cmocka_unit_test(patience),
		cmocka_unit_test(joining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
