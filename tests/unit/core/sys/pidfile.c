/* Unit tests of core/sys/pidfile: a living process keeps it, a dead one or rubbish does not. */
#include "core/sys/pidfile.h"

#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../scratch.h"

#include "core/sys/file.h"

static long content(void)
{
	struct buf b = BUF_INIT;
	long n;

	assert_int_equal(file_slurp("pid", &b, 100), 0);
	n = atol(b.p);
	buf_free(&b);
	return n;
}

static void writing(void **state)
{
	static const char *const stale[] = {"", "rubbish\n", "0\n", "-1\n", "2147483646\n", "99999999999999999999\n"};
	char own[20];
	struct err e = {0};

	(void)state;
	assert_int_equal(pidfile_write("pid", &e), 0);
	assert_int_equal(content(), getpid());
	assert_int_equal(pidfile_write("pid", &e), 0);	/* our own */
	for (size_t i = 0; i < sizeof stale / sizeof *stale; i++) {
		scratch_file("pid", stale[i]);
		assert_int_equal(pidfile_write("pid", &e), 0);
		assert_int_equal(content(), getpid());
	}
	snprintf(own, sizeof own, "%d", (int)getppid());
	scratch_file("pid", own);
	assert_int_equal(pidfile_write("pid", &e), -1);
	assert_string_equal(e.text, " already running");
	assert_int_equal(content(), getppid());
	assert_int_equal(pidfile_write("missing/pid", &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(writing)};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
