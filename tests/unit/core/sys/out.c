/* Unit tests of core/sys/out: order, short writes, errors that stick, time-outs. */
#include "core/sys/out.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

/* Takes at most step bytes at a time, and no more than room. */
struct sink {
	struct buf got;
	size_t step, room;
	int calls;
};

static ssize_t take(struct out *out, const char *p, size_t n)
{
	struct sink *s = out->ctx;

	s->calls++;
	if (s->got.n == s->room) {
		errno = ENOSPC;
		return -1;
	}
	if (n > s->step)
		n = s->step;
	if (n > s->room - s->got.n)
		n = s->room - s->got.n;
	buf_put(&s->got, p, n);
	return (ssize_t)n;
}

static void order(void **state)
{
	(void)state;
	char space[8];

	for (size_t step = 1; step < 10; step++) {
		struct sink s = {.got = BUF_INIT, .step = step, .room = 1 << 20};
		struct buf want = BUF_INIT;
		struct out out;

		out_init(&out, -1, space, sizeof space);
		out.op = take;
		out.ctx = &s;
		assert_int_equal(out_adds(&out, "abc"), 0);
		assert_int_equal(s.calls, 0);
		assert_int_equal(out_put(&out, NULL, 0), 0);
		assert_int_equal(out_add(&out, STR("12345678901234567890")), 0);
		assert_int_equal(out_addc(&out, 0), 0);
		assert_int_equal(out_fmt(&out, "%01000d", 7), 0);
		assert_int_equal(out_fmt(&out, "%s", ""), 0);
		assert_int_equal(out_adds(&out, "end"), 0);
		assert_int_equal(out_flush(&out), 0);
		assert_int_equal(out_flush(&out), 0);
		buf_add(&want, STR("abc12345678901234567890\0"));
		buf_fmt(&want, "%01000d", 7);
		buf_adds(&want, "end");
		assert_true(str_eq(buf_str(&s.got), buf_str(&want)));
		buf_free(&want);
		buf_free(&s.got);
	}
}

static void the_first_error_stays(void **state)
{
	(void)state;
	char space[8];
	struct sink s = {.got = BUF_INIT, .step = 100, .room = 10};
	struct out out;

	out_init(&out, -1, space, sizeof space);
	out.op = take;
	out.ctx = &s;
	assert_int_equal(out_adds(&out, "0123456"), 0);
	assert_int_equal(out_adds(&out, "789abcdefghijk"), -1);
	assert_int_equal(errno, ENOSPC);
	int calls = s.calls;

	s.room = 1000;
	errno = 0;
	assert_int_equal(out_adds(&out, "more"), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(out_put(&out, NULL, 0), -1);
	errno = 0;
	assert_int_equal(out_flush(&out), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(s.calls, calls);
	assert_string_equal(s.got.p, "0123456789");
	buf_free(&s.got);
}

static void memory(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;
	struct out out;

	out_init_mem(&out, &b);
	out_adds(&out, "x");
	assert_int_equal(out_fmt(&out, "%d", 12), 0);
	assert_int_equal(out_flush(&out), 0);
	assert_string_equal(b.p, "x12");
	buf_free(&b);
}

static void descriptors(void **state)
{
	(void)state;
	static char block[1 << 20], space[64];
	struct out out;
	int p[2];

	assert_int_equal(pipe(p), 0);
	out_init(&out, p[1], space, sizeof space);
	out.timeout = 10;
	assert_int_equal(out_adds(&out, "hello"), 0);
	assert_int_equal(out_flush(&out), 0);
	assert_int_equal(read(p[0], block, sizeof block), 5);
	assert_memory_equal(block, "hello", 5);
	/* nobody reads: a pipe holds less than this, and a write of a page may not be short */
	for (int i = 0; i < 1000 && out_put(&out, block, 4096) == 0; i++)
		;
	assert_int_equal(out.failed, ETIMEDOUT);
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(the_first_error_stays),
		cmocka_unit_test(memory),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
