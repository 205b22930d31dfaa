/* Unit tests of core/conf/control: lines, numbers, lists, look-ups; absent is no error, unreadable is one. */
#include "core/conf/control.h"

#include "core/sys/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../scratch.h"

static int enter(void **state)
{
	int r = scratch_enter(state);

	env_put("CONTROLDIR", scratch_name);
	return r;
}

static void places(void **state)
{
	(void)state;
	struct buf path = BUF_INIT, want = BUF_INIT;

	control_path("me", &path);
	buf_fmt(&want, "%s/me", scratch_name);
	assert_string_equal(path.p, want.p);
	control_path("/etc/x", &path);
	assert_string_equal(path.p, "/etc/x");
	control_path("./x", &path);
	assert_string_equal(path.p, "./x");
	buf_free(&path);
	buf_free(&want);
}

static void lines(void **state)
{
	(void)state;
	static const struct {
		const char *content, *line;
	} t[] = {
		{"", ""}, {"\n", ""}, {"a.b", "a.b"}, {"a.b\nsecond\n", "a.b"}, {" a \t\r\n", " a"},
		{"# no comment\n", "# no comment"},
	};
	struct buf line = BUF_INIT;
	struct err e = {0};

	assert_int_equal(control_line("absent", &line, &e), 0);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		scratch_file("line", t[i].content);
		assert_int_equal(control_line("line", &line, &e), 1);
		assert_string_equal(line.p, t[i].line);
	}
	assert_int_equal(e.class, ERR_NONE);
	/* a directory cannot be read: temporary, and nothing is said to be there */
	assert_int_equal(control_line(".", &line, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
	buf_free(&line);
}

static void numbers(void **state)
{
	(void)state;
	static const struct {
		const char *content;
		int r;
		long n;
	} t[] = {
		{"12\n", 1, 12}, {"0", 1, 0}, {"-5 x", 1, -5}, {"12abc\n", 1, 12},
		{"x1\n", 0, 77}, {"", 0, 77}, {"\n9", 0, 77},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		long n = 77;

		scratch_file("number", t[i].content);
		assert_int_equal(control_int("number", &n, NULL), t[i].r);
		assert_int_equal(n, t[i].n);
	}
}

static void lists(void **state)
{
	(void)state;
	struct list l = LIST_INIT;

	scratch_file("list", "one\n\n# comment\n two \t\n#\n   \nthree#3\nlast");
	assert_int_equal(control_list("list", &l, NULL), 1);
	assert_int_equal(l.lines.n, 4);
	assert_true(str_eq(l.lines.p[0], STR("one")));
	assert_true(str_eq(l.lines.p[1], STR(" two")));
	assert_true(str_eq(l.lines.p[2], STR("three#3")));
	assert_true(str_eq(l.lines.p[3], STR("last")));
	assert_int_equal(control_list("absent", &l, NULL), 0);
	assert_int_equal(l.lines.n, 0);
	list_free(&l);
}

static void tables(void **state)
{
	(void)state;
	struct table t = TABLE_INIT;
	struct str v;

	scratch_file("table", "Host.Example\nplain:with colon\n:default\nhost.example:later\nkey:a:b\n");
	assert_int_equal(control_table("table", false, &t, NULL), 1);
	assert_true(t.present);
	assert_true(table_has(&t, STR("HOST.example")));
	assert_true(table_has(&t, STR("plain:with colon")));
	assert_false(table_has(&t, STR("plain")));
	assert_int_equal(control_table("table", true, &t, NULL), 1);
	assert_true(table_get(&t, STR("PLAIN"), &v));
	assert_true(str_eq(v, STR("with colon")));
	assert_true(table_get(&t, STR(""), &v));
	assert_true(str_eq(v, STR("default")));
	/* a line without a colon is none of the keyed ones */
	assert_true(table_get(&t, STR("Host.Example"), &v));
	assert_true(str_eq(v, STR("later")));
	assert_true(table_get(&t, STR("key"), &v));
	assert_true(str_eq(v, STR("a:b")));
	assert_int_equal(control_table("absent", true, &t, NULL), 0);
	assert_false(t.present);
	assert_false(table_has(&t, STR("key")));
	table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(lines),
		cmocka_unit_test(numbers),
		cmocka_unit_test(lists),
		cmocka_unit_test(tables),
	};

	return cmocka_run_group_tests(tests, enter, scratch_leave);
}
