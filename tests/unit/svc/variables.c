/* Unit tests of svc/variables: what is written is what envdir reads, and the text form gives back what it was
 * made from. */
#include "svc/variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "core/conf/conf.h"
#include "core/conf/envdir.h"
#include "core/sys/file.h"

#include "../scratch.h"

static const struct variables_owner me = {.mode = 0640};

static void names(void **state)
{
	(void)state;
	static const char *const bad[] = {"", ".x", "a/b", "a=b", "a b", "a\nb", "a\177", "..", "/"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(variables_name(str_z(bad[i])));
		assert_int_equal(variables_set(".", bad[i], STR("1"), &me, NULL), -1);
	}
	assert_true(variables_name(STR("A_b-9.x")));
}

static const char *file(const char *fn)
{
	static struct buf b = BUF_INIT;

	buf_clear(&b);
	assert_int_equal(file_slurp(fn, &b, 1000), 0);
	return b.p;
}

static void values(void **state)
{
	(void)state;
	struct err e = {0};
	char longest[VARIABLES_VALUE_MAX + 1];

	mkdir("d", 0755);
	memset(longest, 'x', sizeof longest);
	assert_int_equal(variables_set("d", "PLAIN", STR("some value"), &me, &e), 0);
	assert_string_equal(file("d/PLAIN"), "some value\n");
	assert_int_equal(variables_set("d", "LINES", STR("a\nb"), &me, &e), 0);
	assert_int_equal(variables_set("d", "EMPTY", STR(""), &me, &e), 0);
	assert_string_equal(file("d/EMPTY"), "\n");
	assert_int_equal(variables_set("d", "LONG", str_make(longest, VARIABLES_VALUE_MAX), &me, &e), 0);
	assert_int_equal(variables_set("d", "LONG", str_make(longest, VARIABLES_VALUE_MAX + 1), &me, &e), -1);
	assert_int_equal(variables_unset("d", "GONE", &me, &e), 0);
	setenv("GONE", "here", 1);
	assert_int_equal(envdir_apply("d", true, &e), 0);
	assert_string_equal(conf_getenv("PLAIN"), "some value");
	assert_string_equal(conf_getenv("LINES"), "a\nb");
	assert_string_equal(conf_getenv("EMPTY"), "");
	assert_int_equal(strlen(conf_getenv("LONG")), VARIABLES_VALUE_MAX);
	assert_null(conf_getenv("GONE"));
	assert_int_equal(variables_remove("d", "PLAIN", &e), 0);
	assert_int_equal(variables_remove("d", "PLAIN", &e), -1);
}

static void text(void **state)
{
	(void)state;
	static const char *const kinds[] = {"x", "", "\"", "\"\"", "\"x\"", "a=b", "#x", "a\nb", "$HOME `x` 'y'",
		" lead"};
	struct buf a = BUF_INIT, b = BUF_INIT;
	struct err e = {0};
	char name[8];

	mkdir("from", 0755);
	mkdir("to", 0755);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		snprintf(name, sizeof name, "V%zu", i);
		assert_int_equal(variables_set("from", name, str_z(kinds[i]), &me, &e), 0);
	}
	assert_int_equal(variables_unset("from", "UNSET", &me, &e), 0);
	assert_int_equal(variables_set("to", "OTHER", STR("x"), &me, &e), 0);
	assert_int_equal(variables_export("from", &a, &e), 0);
	assert_int_equal(variables_restore("to", buf_str(&a), &me, &e), 0);
	assert_int_equal(variables_export("to", &b, &e), 0);
	assert_true(str_eq(buf_str(&a), buf_str(&b)));
	assert_false(variables_exists("to", "OTHER"));
	assert_string_equal(file("to/V1"), "\n");
	assert_string_equal(file("to/UNSET"), "");
	assert_string_equal(file("to/V3"), "\"\"\n");
	buf_free(&a);
	buf_free(&b);
}

static void refused(void **state)
{
	(void)state;
	static const struct str bad[] = {STR("A=1\nno pair"), STR("A=1\n../x=1"), STR("A=1\n=x"),
		STR("A=1\nB\0C=2")};
	struct err e = {0};

	mkdir("clean", 0755);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(variables_import("clean", bad[i], true, &me, &e), -1);
		assert_false(variables_exists("clean", "A"));
	}
	assert_int_equal(variables_import("clean", STR("\n # c\n\n"), true, &me, &e), 0);
}

static void closed(void **state)
{
	(void)state;
	struct err e = {0};
	struct stat st;

	mkdir("closed", 0500);
	assert_int_equal(variables_set("closed", "A", STR("1"), &me, &e), 0);
	assert_int_equal(stat("closed", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0500);
	chmod("closed", 0700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(values),
		cmocka_unit_test(text),
		cmocka_unit_test(refused),
		cmocka_unit_test(closed),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
