/* Unit tests of core/mail/maildir: names, and that nothing half-done is ever seen. */
#include "core/mail/maildir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/sys/fd.h"
#include "core/sys/file.h"

static void names(void **state)
{
	struct maildir_stamp s = {.sec = 1700000000, .usec = 42, .pid = 7, .host = "a/b:c"};
	struct stat st = {.st_ino = 0xabc, .st_dev = 0x10, .st_size = 1234};
	struct buf b = BUF_INIT;

	(void)state;
	maildir_tmp_name(&b, &s);
	assert_string_equal(b.p, "1700000000.M42P7.a057b072c");
	buf_clear(&b);
	maildir_new_name(&b, &s, &st);
	assert_string_equal(b.p, "1700000000.IabcV10M42P7.a057b072c,S=1234");
	buf_free(&b);
}

static int entries(const char *dir)
{
	struct dir d;
	const char *name;
	int n = 0;

	assert_int_equal(dir_open(&d, dir), 0);
	while (dir_next(&d, &name) > 0)
		n++;
	dir_close(&d);
	return n;
}

static int make(char *dir)
{
	assert_non_null(mkdtemp(dir));
	assert_int_equal(file_chdir(dir), 0);
	return file_mkdir("tmp", 0700) | file_mkdir("new", 0700);
}

static void failures_leave_nothing(void **state)
{
	char dir[] = "/tmp/unit-maildir.XXXXXX";
	struct err e = {0};

	(void)state;
	assert_int_equal(make(dir), 0);
	/* reading a directory fails after the temporary file exists */
	int fd = file_open(".", O_RDONLY, 0);

	assert_int_equal(maildir_deliver(".", STR("X: 1\n"), fd, 0, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	fd_close(fd);
	assert_int_equal(entries("tmp"), 0);
	assert_int_equal(entries("new"), 0);
	assert_int_equal(file_rmdir("new"), 0);
	fd = file_open("/dev/null", O_RDONLY, 0);
	assert_int_equal(maildir_deliver(".", STR("X: 1\n"), fd, 0, &e), -1);
	assert_int_equal(entries("tmp"), 0);
	assert_int_equal(maildir_deliver("none/", STR("X: 1\n"), fd, 0, &e), -1);
	fd_close(fd);
	assert_int_equal(file_rmdir("tmp"), 0);
	assert_int_equal(file_rmdir(dir), 0);
}

/* Header lines longer than the copying block, and a message over several blocks. */
static void long_head(void **state)
{
	char dir[] = "/tmp/unit-maildir.XXXXXX";
	struct buf head = BUF_INIT, got = BUF_INIT, fn = BUF_INIT;
	struct err e = {0};
	struct dir d;
	const char *name;

	(void)state;
	assert_int_equal(make(dir), 0);
	for (int i = 0; i < 30000; i++)
		buf_fmt(&head, "X: %d\n", i);
	int fd = file_temp("/tmp");

	assert_int_equal(fd_write_all(fd, head.p, head.n), 0);
	fd_seek(fd, 0);
	assert_int_equal(maildir_deliver(dir, buf_str(&head), fd, 0, &e), 0);
	fd_close(fd);
	assert_int_equal(dir_open(&d, "new"), 0);
	assert_int_equal(dir_next(&d, &name), 1);
	buf_fmt(&fn, "new/%s", name);
	dir_close(&d);
	assert_int_equal(file_slurp(fn.p, &got, 1 << 30), 0);
	assert_int_equal(got.n, 2 * head.n);
	assert_memory_equal(got.p, head.p, head.n);
	assert_memory_equal(got.p + head.n, head.p, head.n);
	file_unlink(fn.p);
	file_rmdir("new");
	file_rmdir("tmp");
	file_rmdir(dir);
	buf_free(&head);
	buf_free(&got);
	buf_free(&fn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(failures_leave_nothing),
		cmocka_unit_test(long_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
