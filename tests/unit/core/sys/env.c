/* Unit tests of core/sys/env: look-ups, copies that are shared, and changes that are repeated. */
#include "core/sys/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/buf.h"

static void changes(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	env_clear();
	env_put("SAME", "1");
	env_put("OTHER", "old");
	env_put("GONE", "x");
	env_put("PREFIX", "p");
	struct env_copy *c = env_save();

	for (int i = 0; i < 3; i++) {
		env_share(c);
		assert_string_equal(env_get("OTHER"), "old");
		assert_string_equal(env_get("GONE"), "x");
		assert_null(env_get("NEW"));
		env_put("OTHER", "new=er");
		env_put("NEW", "");
		env_put("PREF", "q");
		env_unset("GONE");
		buf_clear(&b);
		env_changes(c, &b);
	}
	env_share(c);
	env_repeat(buf_str(&b));
	assert_string_equal(env_get("SAME"), "1");
	assert_string_equal(env_get("OTHER"), "new=er");
	assert_string_equal(env_get("NEW"), "");
	assert_string_equal(env_get("PREF"), "q");
	assert_string_equal(env_get("PREFIX"), "p");
	assert_null(env_get("GONE"));
	buf_clear(&b);
	env_share(c);
	env_changes(c, &b);
	assert_int_equal(b.n, 0);
	env_repeat(STR(""));
	/* a copy of one's own, which may outlive c */
	env_restore(c);
	env_copy_free(c);
	assert_string_equal(env_get("OTHER"), "old");
	buf_free(&b);
}

static void restore(void **state)
{
	(void)state;
	env_put("STAYS", "one");
	env_put("CHANGES", "two");
	env_put("GOES", "three");
	const char *view = env_get("STAYS");
	struct env_copy *c = env_save();

	for (int i = 0; i < 2; i++) {
		env_put("CHANGES", "else");
		env_unset("GOES");
		env_put("COMES", "four");
		env_restore(c);
		assert_ptr_equal(env_get("STAYS"), view);
		assert_string_equal(env_get("CHANGES"), "two");
		assert_string_equal(env_get("GOES"), "three");
		assert_null(env_get("COMES"));
	}
	env_clear();
	env_restore(c);
	assert_string_equal(env_get("STAYS"), "one");
	env_share(c);
	env_put("CHANGES", "shared");
	env_restore(c);
	env_copy_free(c);
	assert_string_equal(env_get("STAYS"), "one");
	assert_string_equal(env_get("CHANGES"), "two");
}

/* The variable, or else what stands for it. */
static void found(void **state)
{
	const char *file;

	(void)state;
	env_clear();
	assert_null(env_find("NAME", &file));
	assert_null(file);
	env_put("NAME_FILE", "/a=b");
	env_put("NAMES", "other");
	env_put("NAM", "shorter");
	env_put("NAME_FILES", "other");
	assert_null(env_find("NAME", &file));
	assert_string_equal(file, "/a=b");
	env_put("NAME", "");
	assert_string_equal(env_find("NAME", &file), "");
	env_put("NAME", "x=y");
	assert_string_equal(env_find("NAME", &file), "x=y");
	assert_string_equal(env_find("NAME_FILE", &file), "/a=b");
	assert_null(file);
	env_unset("NAME");
	assert_null(env_find("NAME", &file));
	assert_string_equal(file, "/a=b");
	assert_null(env_find("X", &file));
	env_put("X", "short");
	assert_string_equal(env_find("X", &file), "short");
}

static size_t count(void)
{
	size_t n = 0;

	for (char *const *v = env_all(); *v; v++)
		n++;
	return n;
}

/* Many variables, many values: the last one counts, and what was once seen stays. */
static void puts_and_unsets(void **state)
{
	char name[24], value[24];
	const char *first;

	(void)state;
	env_clear();
	assert_int_equal(count(), 0);
	env_put("", "x");
	env_put("A=B", "x");
	env_unset("");
	assert_int_equal(count(), 0);
	env_put("V", "first");
	first = env_get("V");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "N%d", i % 100);
		snprintf(value, sizeof value, "%d", i);
		env_put(name, value);
		env_put("V", value);
		assert_string_equal(getenv("V"), value);
	}
	assert_int_equal(count(), 101);
	assert_string_equal(first, "first");
	env_put("V", "first");
	assert_ptr_equal(env_get("V"), first);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "N%d", i);
		snprintf(value, sizeof value, "%d", 900 + i);
		assert_string_equal(env_get(name), value);
		if (i % 3)
			env_unset(name);
	}
	assert_int_equal(count(), 35);
	assert_null(env_get("N1"));
	assert_string_equal(env_get("N99"), "999");
	/* bytes after a NUL are cut */
	env_put_str("V", STR("a\0b"));
	assert_string_equal(env_get("V"), "a");
	env_put_str("V", str_to(STR("cde"), 2));
	assert_string_equal(env_get("V"), "cd");
}

/* The C library's own functions may come in between. */
static void foreign_changes(void **state)
{
	(void)state;
	env_clear();
	env_put("A", "1");
	env_put("B", "2");
	env_put("C", "3");
	unsetenv("A");
	env_put("D", "4");
	assert_int_equal(count(), 3);
	setenv("E", "5", 1);
	env_put("B", "6");
	assert_int_equal(count(), 4);
	assert_string_equal(env_get("E"), "5");
	assert_string_equal(env_get("B"), "6");
	unsetenv("E");
	env_unset("C");
	assert_int_equal(count(), 2);
	clearenv();
	assert_null(env_get("B"));
	env_put("F", "7");
	assert_int_equal(count(), 1);
	struct env_copy *c = env_save();

	env_share(c);
	env_put("G", "8");
	env_restore(c);
	env_copy_free(c);
	assert_int_equal(count(), 1);
	assert_string_equal(env_get("F"), "7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(changes), cmocka_unit_test(restore),
		cmocka_unit_test(found), cmocka_unit_test(puts_and_unsets), cmocka_unit_test(foreign_changes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
