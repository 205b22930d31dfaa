/* Unit tests of queue/assign: compiled and hand-made databases, damaged ones, format errors. */
#include "queue/assign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/conf/cdb.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

static char fn[] = "/tmp/unit-assign.XXXXXX";

static int empty_file(void)
{
	return file_open(fn, O_RDWR | O_CREAT | O_TRUNC, 0600);
}

static int compile(const char *text)
{
	struct err e;
	int fd = empty_file(), r = assign_compile(str_z(text), fd, &e);

	fd_close(fd);
	return r;
}

static void check(const char *local, const char *want)
{
	struct user u = USER_INIT;
	struct buf got = BUF_INIT;
	struct err e;

	if (assign_cdb(fn, str_z(local), &u, &e) == 1)
		buf_fmt(&got, "%s %lu %lu %s %s %s", u.name, (unsigned long)u.uid, (unsigned long)u.gid, u.home, u.dash, u.ext);
	else
		buf_adds(&got, "none");
	assert_string_equal(got.p, want);
	user_free(&u);
	buf_free(&got);
}

static void most_specific_wins(void **state)
{
	(void)state;
	assert_int_equal(compile("=joe:joe:500:501:/home/joe:::\n=joe:second:1:1:/x:::\n+joe-:joe:500:501:/home/joe:-::\n"
		"+joe-list-:li:502:503:/li:-:pre-:\n+:alias:7:8:/alias:-::\n.\n"), 0);
	check("joe", "joe 500 501 /home/joe  ");
	check("JOE", "joe 500 501 /home/joe  ");
	check("joe-", "joe 500 501 /home/joe - ");
	check("Joe-Ext.X", "joe 500 501 /home/joe - Ext.X");
	check("joe-list", "joe 500 501 /home/joe - list");
	check("joe-list-A", "li 502 503 /li - pre-A");
	check("joey", "alias 7 8 /alias - joey");
	check("", "alias 7 8 /alias - ");
}

static void nobody_and_no_file(void **state)
{
	struct user u = USER_INIT;
	struct err e;

	(void)state;
	assert_int_equal(compile("=joe:joe:500:501:/home/joe:::\n.\n"), 0);
	check("jo", "none");
	check("joe-x", "none");
	assert_int_equal(assign_cdb("/nonexistent/cdb", STR("joe"), &u, &e), 0);
	user_free(&u);
}

static void format_errors(void **state)
{
	static const char *const bad[] = {"", "=joe:joe:500:501:/home/joe:::\n", "joe:joe:500:501:/home/joe:::\n.\n",
		"=joe\n.\n", "=joe:joe:500:501:/home/joe::\n.\n", "\n.\n"};
	struct err e;
	int fd = empty_file();

	(void)state;
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(compile(bad[i]), -1);
	assert_int_equal(assign_compile(STR("=a\0:b:1:1:c:::\n.\n"), fd, &e), -1);
	fd_close(fd);
}

/* A database with one record, made without assign_compile. */
static void write_record(struct str key, struct str data)
{
	struct cdb_make m;
	int fd = empty_file();

	assert_int_equal(cdb_make_begin(&m, fd), 0);
	assert_int_equal(cdb_make_add(&m, key, data, NULL), 0);
	assert_int_equal(cdb_make_end(&m, NULL), 0);
	fd_close(fd);
}

static void hand_made(void **state)
{
	struct user u = USER_INIT;
	struct err e = {0};

	(void)state;
	write_record(STR("!joe\0"), STR("joe\0" "5\0" "6\0/h\0-\0ext"));
	check("joe", "joe 5 6 /h - ext");
	/* too few fields, ids that are no numbers */
	write_record(STR("!joe\0"), STR("joe\0" "5\0" "6\0/h\0-"));
	assert_int_equal(assign_cdb(fn, STR("joe"), &u, &e), -1);
	assert_int_equal(e.code, ASSIGN_CDB);
	write_record(STR("!joe\0"), STR("joe\0x\0" "6\0/h\0-\0"));
	assert_int_equal(assign_cdb(fn, STR("joe"), &u, &e), -1);
	write_record(STR("!joe\0"), STR("joe\0-1\0" "6\0/h\0-\0"));
	assert_int_equal(assign_cdb(fn, STR("joe"), &u, &e), -1);
	user_free(&u);
}

static void damaged(void **state)
{
	struct user u = USER_INIT;
	struct err e = {0};
	int fd = empty_file();

	(void)state;
	assert_int_equal(fd_write_all(fd, "short", 5), 0);
	fd_close(fd);
	assert_int_equal(assign_cdb(fn, STR("joe"), &u, &e), -1);
	assert_int_equal(e.code, ASSIGN_CDB);
	user_free(&u);
}

static int setup(void **state)
{
	int fd = mkstemp(fn);

	(void)state;
	fd_close(fd);
	return fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	return file_unlink(fn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_specific_wins),
		cmocka_unit_test(nobody_and_no_file),
		cmocka_unit_test(format_errors),
		cmocka_unit_test(hand_made),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
