/* Unit tests of core/conf/known: a file that is changed, replaced, removed or hidden between two jobs is seen as it is, whatever
 * it was before; within a job its content is kept. */
#include "core/conf/known.h"

#include "core/sys/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../scratch.h"

static unsigned job = 2;
static struct buf path = BUF_INIT, text = BUF_INIT;

static const char *name(const char *file)
{
	buf_clear(&path);
	buf_fmt(&path, "%s/%s", scratch_name, file);
	return path.p;
}

/* What the file holds, "!" when it cannot be read; in this job, or the next one. */
static const char *now(const char *file)
{
	buf_clear(&text);
	return known_slurp(name(file), job, &text, 4096) < 0 ? "!" : text.p;
}

static const char *then(const char *file)
{
	job++;
	return now(file);
}

static void rest(void)
{
	clock_sleep_ms(60);
}

static void change_in_place(const char *file, const char *to)
{
	int fd = open(name(file), O_WRONLY);

	assert_true(fd >= 0 && write(fd, to, strlen(to)) == (ssize_t)strlen(to));
	close(fd);
}

static void test_kept_within_a_job(void **state)
{
	(void)state;
	scratch_file("me", "one\n");
	rest();
	bool kept = false;

	for (int i = 0; i < 20 && !kept; i++) {	/* a slow machine may take longer than the look counts */
		assert_string_equal(then("me"), i % 2 ? "two\n" : "one\n");
		change_in_place("me", i % 2 ? "one\n" : "two\n");
		kept = strcmp(now("me"), i % 2 ? "two\n" : "one\n") == 0;
		rest();
	}
	assert_true(kept);
}

static void test_changes(void **state)
{
	(void)state;
	scratch_file("me", "one\n");
	rest();
	for (int i = 0; i < 50; i++) {	/* the same size, soon after another */
		const char *to = i % 2 ? "one\n" : "two\n";

		change_in_place("me", to);
		assert_string_equal(then("me"), to);
		if (i % 10 == 0)
			rest();
		assert_string_equal(then("me"), to);
	}
	struct stat st;

	rest();
	then("me");
	assert_int_equal(stat(name("me"), &st), 0);
	change_in_place("me", "NEW\n");
	/* old times do not hide it */
	struct timespec old[2] = {st.st_atim, st.st_mtim};

	assert_int_equal(utimensat(AT_FDCWD, name("me"), old, 0), 0);
	assert_string_equal(then("me"), "NEW\n");
}

static void test_replaced(void **state)
{
	(void)state;
	scratch_file("me", "one\n");
	scratch_file("other", "two\n");
	rest();
	assert_string_equal(then("me"), "one\n");
	assert_string_equal(then("me"), "one\n");
	char *from = strdup(name("other"));

	assert_int_equal(rename(from, name("me")), 0);
	free(from);
	assert_string_equal(then("me"), "two\n");
	unlink(name("me"));
	assert_string_equal(then("me"), "!");
	assert_int_equal(errno, ENOENT);
	scratch_file("me", "again\n");
	assert_string_equal(then("me"), "again\n");
	assert_int_equal(mkdir(name("dir"), 0700), 0);
	assert_string_equal(then("dir"), "!");
	assert_int_equal(errno, EISDIR);
}

static void test_many_and_large(void **state)
{
	char file[16], large[3000];

	(void)state;
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = 0;
	scratch_file("large", large);
	for (int i = 0; i < 20; i++) {
		snprintf(file, sizeof file, "f%d", i);
		scratch_file(file, file);
	}
	rest();
	for (int round = 0; round < 3; round++) {
		job++;
		for (int i = 0; i < 20; i++) {
			snprintf(file, sizeof file, "f%d", i);
			assert_string_equal(now(file), file);
			assert_string_equal(now("large"), large);
		}
	}
	/* appended to what is there; too large for its reader */
	buf_set(&text, STR("before "));
	assert_int_equal(known_slurp(name("f19"), ++job, &text, 4096), 0);
	assert_string_equal(text.p, "before f19");
	assert_int_equal(known_slurp(name("large"), job, &text, 100), -1);
	assert_int_equal(errno, EFBIG);
}

static void test_first_job(void **state)
{
	(void)state;
	scratch_file("me", "one\n");
	rest();
	job = 1;
	assert_string_equal(now("me"), "one\n");
	change_in_place("me", "two\n");
	assert_string_equal(now("me"), "two\n");
	job = 0;
	change_in_place("me", "six\n");
	assert_string_equal(now("me"), "six\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_within_a_job),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_many_and_large),
		cmocka_unit_test(test_first_job),
	};
	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
