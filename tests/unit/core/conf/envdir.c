/* Unit tests of core/conf/envdir: values, files before files, nesting, the queue client's directories. */
#include "core/conf/envdir.h"

#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../scratch.h"

static void value(const char *name, const char *want)
{
	const char *v = conf_getenv(name);

	if (want)
		assert_string_equal(v ? v : "(unset)", want);
	else
		assert_null(v);
}

static void values(void **state)
{
	(void)state;
	struct err e = {0};

	assert_int_equal(file_mkdir("d", 0755), 0);
	scratch_file("d/ED_LINE", " a b \t \nsecond\n");
	scratch_bytes("d/ED_NUL", "a\0b", 3);
	scratch_file("d/ED_GONE", "");
	scratch_file("d/ED_EMPTY", "\n");
	scratch_file("d/.hidden", "x");
	scratch_file("d/with=sign", "x");
	assert_int_equal(file_mkdir("d/ED_DIR", 0755), 0);
	env_put("ED_GONE", "x");
	assert_int_equal(envdir_apply("d", true, &e), 0);
	value("ED_LINE", " a b");
	value("ED_NUL", "a\nb");
	value("ED_GONE", NULL);
	value("ED_EMPTY", "");
	value(".hidden", NULL);
	value("ED_DIR", NULL);
	assert_int_equal(envdir_apply("none", true, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
}

static void strictness(void **state)
{
	(void)state;
	static char big[300];
	struct err e = {0};

	memset(big, 'x', sizeof big - 1);
	assert_int_equal(file_mkdir("s", 0755), 0);
	scratch_file("s/ED_BIG", big);
	scratch_file("s/ED_SMALL", "here");
	assert_int_equal(file_symlink("ED_LOOP", "s/ED_LOOP"), 0);
	assert_int_equal(file_mkfifo("s/ED_FIFO", 0644), 0);
	/* all or nothing */
	assert_int_equal(envdir_apply("s", true, &e), -1);
	assert_string_equal(e.text, "unable to open environment file: s/ED_LOOP");
	value("ED_BIG", NULL);
	value("ED_SMALL", NULL);
	assert_int_equal(envdir_apply("s", false, &e), 0);
	value("ED_SMALL", "here");
	value("ED_FIFO", NULL);
	/* 256 bytes count */
	big[256] = 0;
	value("ED_BIG", big);
	env_unset("ED_BIG");
}

static void emptied(void **state)
{
	(void)state;
	struct err e = {0};

	assert_int_equal(file_mkdir("c", 0755), 0);
	scratch_file("c/ED_ONLY", "one");
	env_put("ED_BEFORE", "x");
	assert_int_equal(envdir_load("missing", ENVDIR_CLEAR, &e), -1);
	assert_string_equal(e.text, "unable to open environment directory: missing");
	value("ED_BEFORE", "x");
	assert_int_equal(envdir_load("c", ENVDIR_CLEAR, &e), 0);
	value("ED_BEFORE", NULL);
	value("ED_ONLY", "one");
}

/* .envfile: blanks, comments, NULs, names alone. */
static void envfile(void **state)
{
	(void)state;
	struct err e = {0};
	static const char text[] = "  ED_A=  a \n\t\n  # ED_C=1\nED_B=x\0y\n=nothing\nED_OFF  \nED_E=";

	assert_int_equal(file_mkdir("f", 0755), 0);
	scratch_bytes("f/.envfile", text, sizeof text - 1);
	env_put("ED_OFF", "x");
	assert_int_equal(envdir_apply("f", true, &e), 0);
	value("ED_A", "  a ");
	value("ED_B", "x\ny");
	value("ED_C", NULL);
	value("ED_OFF", NULL);
	value("ED_E", "");
	/* a directory of that name says nothing */
	assert_int_equal(file_mkdirs("g/.envfile", 0755), 0);
	assert_int_equal(envdir_apply("g", true, &e), 0);
	/* one that cannot be opened is an error, and .envdir as well */
	assert_int_equal(file_symlink(".envfile", "g/sub.envfile"), 0);
	assert_int_equal(file_mkdir("h", 0755), 0);
	assert_int_equal(file_symlink(".envfile", "h/.envfile"), 0);
	assert_int_equal(envdir_apply("h", true, &e), -1);
	assert_string_equal(e.text, "unable to open .envfile: h/.envfile");
	assert_int_equal(envdir_apply("h", false, &e), 0);
	assert_int_equal(file_symlink(".envdir", "h/.envdir"), 0);
	assert_int_equal(envdir_apply("h", false, &e), -1);
	assert_string_equal(e.text, "unable to open .envdir: h/.envdir");
}

/* Links back and very deep nests end. */
static void loops(void **state)
{
	(void)state;
	struct buf fn = BUF_INIT;
	struct err e = {0};

	assert_int_equal(file_mkdirs("l/a", 0755), 0);
	assert_int_equal(file_symlink("..", "l/a/.envdir"), 0);
	assert_int_equal(file_symlink("a", "l/.envdir"), 0);
	scratch_file("l/a/ED_LOOPED", "a");
	scratch_file("l/ED_LOOPED", "own");
	assert_int_equal(envdir_apply("l", true, &e), 0);
	value("ED_LOOPED", "own");
	buf_adds(&fn, "deep");
	for (int i = 0; i < 40; i++)
		buf_adds(&fn, "/.envdir");
	assert_int_equal(file_mkdirs(fn.p, 0755), 0);
	assert_int_equal(envdir_apply("deep", true, &e), -1);
	assert_true(str_starts(str_z(e.text), STR("recursive loop: deep/.envdir")));
	buf_free(&fn);
}

static void nesting(void **state)
{
	(void)state;
	struct err e = {0};

	assert_int_equal(file_mkdirs("n/sub", 0755), 0);
	assert_int_equal(file_mkdirs("n/one/.envdir", 0755), 0);
	scratch_file("n/.envfile", "ED_F=file\nED_OVER=file\n# no\nED_OFF\nED_EQ=a=b\n");
	scratch_file("n/.envdir", "sub\none\n../n\n");
	scratch_file("n/ED_OVER", "variable");
	scratch_file("n/sub/ED_SUB", "sub");
	scratch_file("n/sub/ED_OVER", "sub");
	scratch_file("n/one/.envdir/ED_DEEP", "deep");
	env_put("ED_OFF", "x");
	assert_int_equal(envdir_apply("n", true, &e), 0);
	value("ED_F", "file");
	value("ED_EQ", "a=b");
	value("ED_OFF", NULL);
	value("ED_SUB", "sub");
	value("ED_DEEP", "deep");
	value("ED_OVER", "variable");
	scratch_file("n/.envdir", "missing\n");
	assert_int_equal(envdir_apply("n", true, &e), -1);
}

static void default_queue(void **state)
{
	(void)state;
	struct err warn = {0}, e = {0};
	struct buf control = BUF_INIT;

	buf_fmt(&control, "%s/control", scratch_name);
	env_put("CONTROLDIR", control.p);
	env_put("HOME", scratch_name);
	env_unset("QUEUE_BASE");
	assert_int_equal(file_mkdirs("control/defaultqueue", 0755), 0);
	assert_int_equal(file_mkdir(".defaultqueue", 0755), 0);
	scratch_file("control/defaultqueue/QUEUE_BASE", "/from/control\n");
	scratch_file(".defaultqueue/ED_HOME", "home\n");
	assert_int_equal(envdir_defaultqueue("qmail-inject", &warn, &e), 0);
	value("ED_HOME", "home");
	value("QUEUE_BASE", "/from/control");
	/* once known it is not asked for again, and home can be left out */
	scratch_file("control/defaultqueue/QUEUE_BASE", "/changed\n");
	scratch_file(".defaultqueue/ED_HOME", "changed\n");
	env_put("SKIP_LOCAL_ENVIRONMENT", "");
	assert_int_equal(envdir_defaultqueue("qmail-inject", &warn, &e), 0);
	value("ED_HOME", "home");
	value("QUEUE_BASE", "/from/control");
	env_unset("SKIP_LOCAL_ENVIRONMENT");
	/* a broken one at home warns and changes nothing */
	scratch_file(".defaultqueue/.envdir", "missing\n");
	assert_int_equal(warn.class, ERR_NONE);
	scratch_file(".defaultqueue/.envfile", "ED_HALF=1\n");
	assert_int_equal(envdir_defaultqueue("qmail-inject", &warn, &e), 0);
	assert_int_equal(warn.class, ERR_TEMP);
	value("ED_HALF", NULL);
	value("ED_HOME", "home");
	/* a broken one of the host is an error */
	env_unset("QUEUE_BASE");
	scratch_file("control/defaultqueue/.envdir", "missing\n");
	assert_int_equal(envdir_defaultqueue("qmail-inject", &warn, &e), -1);
	buf_free(&control);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(strictness),
		cmocka_unit_test(envfile),
		cmocka_unit_test(nesting),
		cmocka_unit_test(loops),
		cmocka_unit_test(default_queue),
		cmocka_unit_test(emptied),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
