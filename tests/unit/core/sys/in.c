/* Unit tests of core/sys/in: lines across reads, limits, ends, errors, time-outs. */
#include "core/sys/in.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

/* Gives the text in pieces of step bytes, then an error or the end. */
struct feed {
	struct str text;
	size_t step;
	int fail;
	int flushed;
};

static ssize_t give(struct in *in, char *p, size_t n)
{
	struct feed *f = in->ctx;

	if (!f->text.n && f->fail) {
		errno = f->fail;
		return -1;
	}
	if (n > f->step)
		n = f->step;
	if (n > f->text.n)
		n = f->text.n;
	memcpy(p, f->text.p, n);
	f->text = str_from(f->text, n);
	return (ssize_t)n;
}

static void lines(void **state)
{
	(void)state;
	char space[7];

	for (size_t step = 1; step < 12; step++) {
		struct feed f = {.text = STR("one\n\nthree\0 and\nrest"), .step = step};
		struct buf line = BUF_INIT;
		struct in in;

		in_init(&in, -1, space, sizeof space);
		in.op = give;
		in.ctx = &f;
		assert_int_equal(in_line(&in, &line, '\n', 100), 1);
		assert_string_equal(line.p, "one\n");
		/* lines are appended */
		assert_int_equal(in_line(&in, &line, '\n', 100), 1);
		assert_string_equal(line.p, "one\n\n");
		buf_clear(&line);
		assert_int_equal(in_line(&in, &line, '\n', 11), 1);
		assert_true(str_eq(buf_str(&line), STR("three\0 and\n")));
		buf_clear(&line);
		assert_int_equal(in_line(&in, &line, '\n', 100), 0);
		assert_string_equal(line.p, "rest");
		assert_int_equal(in_line(&in, &line, '\n', 100), 0);
		assert_int_equal(line.n, 4);
		buf_free(&line);
	}
}

static void limits_and_errors(void **state)
{
	(void)state;
	char space[4];
	struct feed f = {.text = STR("12345\n"), .step = 4, .fail = EIO};
	struct buf line = BUF_INIT;
	struct in in;

	in_init(&in, -1, space, sizeof space);
	in.op = give;
	in.ctx = &f;
	assert_int_equal(in_line(&in, &line, '\n', 5), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_true(line.n <= 5);
	buf_clear(&line);
	in_init_mem(&in, STR("12345\n"));
	assert_int_equal(in_line(&in, &line, '\n', 6), 1);
	f = (struct feed){.text = STR("ab"), .step = 9, .fail = EIO};
	in_init(&in, -1, space, sizeof space);
	in.op = give;
	in.ctx = &f;
	buf_clear(&line);
	assert_int_equal(in_line(&in, &line, '\n', 6), -1);
	assert_int_equal(errno, EIO);
	buf_free(&line);
}

static void count(void *arg)
{
	++*(int *)arg;
}

static void bytes(void **state)
{
	(void)state;
	struct in in;
	char c = 0;
	int waits = 0;

	in_init_mem(&in, STR("a\0bcd"));
	in.before_wait = count;
	in.wait_arg = &waits;
	assert_int_equal(in_byte(&in, &c), 1);
	assert_int_equal(c, 'a');
	assert_int_equal(in_byte(&in, &c), 1);
	assert_int_equal(c, 0);
	assert_int_equal(in_fill(&in), 1);
	assert_true(str_eq(in_peek(&in), STR("bcd")));
	in_skip(&in, 2);
	assert_true(str_eq(in_peek(&in), STR("d")));
	in_skip(&in, 1);
	assert_int_equal(waits, 0);
	assert_int_equal(in_byte(&in, &c), 0);
	assert_int_equal(in_fill(&in), 0);
	assert_int_equal(waits, 2);
}

static void descriptors(void **state)
{
	(void)state;
	char space[16];
	struct in in;
	int p[2];
	char c;

	assert_int_equal(pipe(p), 0);
	in_init(&in, p[0], space, sizeof space);
	in.timeout = 10;
	assert_int_equal(in_byte(&in, &c), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(write(p[1], "x", 1), 1);
	assert_int_equal(in_byte(&in, &c), 1);
	close(p[1]);
	assert_int_equal(in_byte(&in, &c), 0);
	close(p[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(limits_and_errors),
		cmocka_unit_test(bytes),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
