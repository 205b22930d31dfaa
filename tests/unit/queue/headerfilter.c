/* Unit tests of queue/headerfilter: the same result however the message is cut into pieces. */
#include "queue/headerfilter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/sys/env.h"

static int keep(void *arg, struct str s)
{
	buf_add(arg, s);
	return 0;
}

/* Feed text in pieces of n bytes. */
static void run(const char *text, size_t n, struct buf *kept, struct buf *collected)
{
	struct headerfilter f;
	struct err e;

	assert_int_equal(headerfilter_open(&f, &e), 0);
	buf_clear(kept);
	for (struct str rest = str_z(text); rest.n; rest = str_from(rest, n))
		assert_int_equal(headerfilter_feed(&f, str_to(rest, n), keep, kept), 0);
	assert_int_equal(headerfilter_end(&f, keep, kept), 0);
	buf_set(collected, buf_str(&f.collected));
	headerfilter_free(&f);
}

static void check(const char *text, const char *want_kept, const char *want_collected)
{
	struct buf kept = BUF_INIT, collected = BUF_INIT;

	for (size_t n = 1; n <= strlen(text) + 1; n++) {
		run(text, n, &kept, &collected);
		assert_string_equal(kept.p, want_kept);
		assert_string_equal(collected.p, want_collected);
	}
	buf_free(&kept);
	buf_free(&collected);
}

static void settings(const char *drop, const char *collect)
{
	env_put("REMOVEHEADERS", drop);
	env_put("ENVHEADERS", collect);
	env_put("LOGHEADERS", "");
}

static void off(void **state)
{
	(void)state;
	settings("", "");
	check("A: 1\n\nX", "A: 1\n\nX", "");
}

static void drop(void **state)
{
	(void)state;
	settings("x-a b:", "");
	check("X-A: 1\n more\nB: 2\nC: 3\n\nB: body\n", "C: 3\n\nB: body\n", "");
	check("X-ALSO: 1\nc: 2", "c: 2", "");
	check("B: no newline", "", "");
	check("not a header\nB: 1\n", "not a header\nB: 1\n", "");
	check("", "", "");
}

static void collect(void **state)
{
	(void)state;
	settings("c", "a b:6 c");
	check("A: 1\n two\nB: 12\nB: 123\nC: x\nD: y\n\nA: 9\n", "A: 1\n two\nB: 12\nB: 123\nD: y\n\nA: 9\n",
		"A: 1\n two\nB: 12\nC: x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(off), cmocka_unit_test(drop), cmocka_unit_test(collect)};

	env_put("CONTROLDIR", "/nonexistent");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
