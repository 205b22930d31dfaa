/* numbers - free message numbers in common memory, each with its file. */
#include "queue/numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "../scratch.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

static int enter(void **state)
{
	return scratch_enter(state) == 0 && file_mkdir("pid", 0700) == 0 && file_mkdir("steer", 0700) == 0 ? 0 : -1;
}

static uint64_t new_file(const char *fn)
{
	struct stat st;
	int fd = file_open(fn, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(fd_write_all(fd, "text", 4), 0);
	assert_int_equal(file_fstat(fd, &st), 0);
	fd_close(fd);
	return (uint64_t)st.st_ino;
}

static const char *kept(uint64_t number)
{
	static struct buf fn = BUF_INIT;

	buf_clear(&fn);
	numbers_file(number, &fn);
	return fn.p;
}

static void nobody_takes(void **state)
{
	(void)state;
	uint64_t n = new_file("done");

	assert_int_equal(numbers_take("."), 0);
	assert_false(numbers_park("done", n));
	assert_true(file_exists("done"));
}

static void park_take_give(void **state)
{
	(void)state;
	struct stat st;
	uint64_t n = new_file("done");

	assert_true(numbers_open());
	assert_int_equal(numbers_take("."), 0);
	assert_false(numbers_park("done", n + 1));	/* not its number */
	assert_true(numbers_park("done", n));
	assert_false(file_exists("done"));
	assert_int_equal(file_stat(kept(n), &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_true(numbers_free(n));
	assert_int_equal(numbers_take("."), n);
	assert_false(numbers_free(n));
	assert_int_equal(numbers_take("."), 0);
	numbers_give(".", n);
	assert_int_equal(numbers_take("."), n);
	numbers_give(".", n);
}

static void file_is_gone(void **state)
{
	(void)state;
	uint64_t n = numbers_take(".");

	assert_int_not_equal(n, 0);
	numbers_give(".", n);
	assert_int_equal(file_unlink(kept(n)), 0);
	assert_int_equal(numbers_take("."), 0);
}

/* What finds no place any more has its file removed. */
static void enough(void **state)
{
	(void)state;
	int parked = 0;

	for (;;) {
		uint64_t n = new_file("done");

		if (!numbers_park("done", n))
			break;
		parked++;
	}
	assert_int_equal(parked, 512);
	uint64_t n = numbers_take(".");

	assert_true(numbers_park("done", new_file("done")));
	numbers_give(".", n);
	assert_false(file_exists(kept(n)));
}

static void closed(void **state)
{
	(void)state;
	assert_int_not_equal(numbers_take("."), 0);
	assert_true(numbers_taken("."));
	numbers_close();
	assert_false(numbers_taken("."));
	assert_int_equal(numbers_take("."), 0);
	assert_true(numbers_open());
	assert_int_not_equal(numbers_take("."), 0);
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(numbers_of("loose.12"), 12);
	assert_int_equal(numbers_of("loose."), 0);
	assert_int_equal(numbers_of("loose.x"), 0);
	assert_int_equal(numbers_of("spare.1"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_takes), cmocka_unit_test(park_take_give), cmocka_unit_test(file_is_gone),
		cmocka_unit_test(enough), cmocka_unit_test(closed), cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, enter, scratch_leave);
}
