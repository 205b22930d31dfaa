/* Unit tests of core/conf/domainrule: which line is for a domain, and where its value ends. */
#include "core/conf/domainrule.h"

#include "core/sys/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static struct list lines = LIST_INIT;

static void load(const char *text)
{
	buf_set(&lines.text, str_z(text));
	lines.lines.n = 0;
	list_parse(&lines);
}

static void found(const char *domain, bool remote, const char *value, const char *env)
{
	struct domainrule r;

	assert_true(domainrule_find(&lines, str_z(domain), remote, &r));
	assert_true(str_eq(r.value, str_z(value)));
	assert_true(str_eq(r.env, str_z(env)));
}

static void choice(void **state)
{
	struct domainrule r;

	(void)state;
	load("nocolon\n:empty\nA.test:local:l\na.test:remote:r\n*.test:both\nlocal:local\n");
	found("a.TEST", false, "l", "");
	found("a.test", true, "r", "");
	found("b.test", true, "both", "");
	found("local", false, "local", "");
	assert_false(domainrule_find(&lines, STR("c.org"), false, &r));
	assert_false(domainrule_find(&lines, STR("nocolon"), false, &r));
	assert_false(domainrule_find(&lines, STR(""), false, &r));
}

static void values(void **state)
{
	(void)state;
	load("a:cmd x:A=1,B=\nb:s:x:y:\nc:local:d:1A=2:_b9=:C=3\nd:\ne:remote:\nf:a=b:c d=e\n");
	found("a", false, "cmd x", "A=1,B=");
	found("b", true, "s:x:y:", "");
	found("c", false, "d:1A=2", "_b9=:C=3");
	found("d", false, "", "");
	found("e", true, "", "");
	found("f", true, "a=b:c d=e", "");
}

static void regex(void **state)
{
	struct domainrule r;

	(void)state;
	env_put("QREGEX", "1");
	load("(:bad\n^x[.]:yes\n");
	found("X.test", false, "yes", "");
	assert_false(domainrule_find(&lines, STR("ax.test"), false, &r));
	env_unset("QREGEX");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choice),
		cmocka_unit_test(values),
		cmocka_unit_test(regex),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	list_free(&lines);
	return r;
}
