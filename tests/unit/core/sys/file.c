/* Unit tests of core/sys/file: what the wrappers promise beyond their system calls. */
#include "core/sys/file.h"

#include <errno.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../scratch.h"

static void content_is(const char *fn, const char *want)
{
	struct buf b = BUF_INIT;

	assert_int_equal(file_slurp(fn, &b, 1 << 20), 0);
	assert_string_equal(b.p, want);
	buf_free(&b);
}

static void opening(void **state)
{
	(void)state;
	scratch_file("plain", "x");
	int fd = file_open("plain", O_RDONLY, 0);

	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(file_open("none", O_RDONLY, 0), -1);
	assert_int_equal(errno, ENOENT);
	assert_true(file_exists("plain"));
	assert_false(file_exists("none"));
	/* a link to nothing is something */
	assert_int_equal(file_symlink("nowhere", "dangling"), 0);
	assert_true(file_exists("dangling"));
	assert_true(file_access("plain", R_OK));
	assert_false(file_access("dangling", R_OK));
}

static void slurping(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;

	scratch_file("ten", "0123456789");
	buf_adds(&b, "before:");
	assert_int_equal(file_slurp("ten", &b, 17), 0);
	assert_string_equal(b.p, "before:0123456789");
	buf_clear(&b);
	assert_int_equal(file_slurp("ten", &b, 9), -1);
	assert_int_equal(errno, EFBIG);
	buf_clear(&b);
	assert_int_equal(file_slurp("none", &b, 9), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(file_slurp("/dev/zero", &b, 1 << 20), -1);
	assert_int_equal(errno, EFBIG);
	assert_true(b.n < 2 << 20);
	buf_free(&b);
}

static int names(void)
{
	struct dir d;
	const char *name;
	int n = 0;

	assert_int_equal(dir_open(&d, "."), 0);
	while (dir_next(&d, &name) == 1) {
		assert_string_not_equal(name, ".");
		assert_string_not_equal(name, "..");
		n++;
	}
	dir_close(&d);
	dir_close(&d);
	return n;
}

static void replacing(void **state)
{
	(void)state;
	struct err e = {0};
	struct stat st;
	mode_t mask = file_umask(077);

	scratch_file("seen", "old");
	int before = names();

	assert_int_equal(file_replace("seen", STR("new text"), 0644, &e), 0);
	assert_int_equal(file_stat("seen", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	content_is("seen", "new text");
	assert_int_equal(names(), before);
	assert_int_equal(file_replace("none/such", STR("x"), 0644, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	assert_int_equal(e.num, ENOENT);
	assert_int_equal(file_mkdir("full", 0755), 0);
	assert_int_equal(file_mkdir("full/x", 0755), 0);
	before = names();
	assert_int_equal(file_replace("full", STR("x"), 0644, &e), -1);
	/* no temporary file stays */
	assert_int_equal(names(), before);
	file_umask(mask);
}

static void renaming(void **state)
{
	(void)state;
	scratch_file("a", "A");
	scratch_file("b", "B");
	assert_int_equal(file_rename_new("a", "b"), -1);
	assert_int_equal(errno, EEXIST);
	content_is("a", "A");
	content_is("b", "B");
	assert_int_equal(file_rename_new("a", "c"), 0);
	assert_false(file_exists("a"));
	content_is("c", "A");
}

static void directories(void **state)
{
	(void)state;
	struct buf b = BUF_INIT, want = BUF_INIT;
	struct dir d;

	assert_int_equal(file_mkdirs("p/q/r", 0755), 0);
	assert_int_equal(file_mkdirs("p/q/r/", 0755), 0);
	assert_true(file_exists("p/q/r"));
	buf_fmt(&want, "%s/abs/x", scratch_name);
	assert_int_equal(file_mkdirs(want.p, 0755), 0);
	assert_true(file_exists("abs/x"));
	scratch_file("p/file", "");
	assert_int_equal(file_mkdirs("p/file/x", 0755), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(file_cwd(&b), 0);
	assert_string_equal(b.p, scratch_name);
	assert_int_equal(dir_open(&d, "none"), -1);
	assert_int_equal(file_sync_dir("p"), 0);
	assert_int_equal(file_sync_dir("p/file"), -1);
	buf_free(&b);
	buf_free(&want);
}

static void temporary(void **state)
{
	(void)state;
	int before = names();
	int fd = file_temp(".");
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(names(), before);
	assert_int_equal(file_fstat(fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(file_temp("none"), -1);
	scratch_file("aged", "xyz");
	assert_int_equal(file_mtime("aged", 12345), 0);
	assert_int_equal(file_stat("aged", &st), 0);
	assert_int_equal(st.st_mtime, 12345);
	assert_int_equal(file_empty("aged"), 0);
	assert_int_equal(file_stat("aged", &st), 0);
	assert_int_equal(st.st_size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		cmocka_unit_test(slurping),
		cmocka_unit_test(replacing),
		cmocka_unit_test(renaming),
		cmocka_unit_test(directories),
		cmocka_unit_test(temporary),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
