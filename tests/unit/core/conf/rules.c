/* Unit tests of core/conf/rules: which lines apply to an address, and what their assignments do. */
#include "core/conf/rules.h"

#include "core/sys/env.h"

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

static void assignments(void **state)
{
	(void)state;
	env_put("RT_GONE", "x");
	env_put("RT_EMPTY", "x");
	rules_assign(STR("RT_A=1, RT_B=two words,RT_C=a\\,b\\c,RT_GONE,RT_EMPTY=,=nothing,,RT_D=k=v"));
	value("RT_A", "1");
	value("RT_B", "two words");
	value("RT_C", "a,b\\c");
	value("RT_D", "k=v");
	value("RT_GONE", NULL);
	value("RT_EMPTY", NULL);
	rules_assign(STR(""));
	value("RT_A", "1");
}

/* The last line of the rules in file that applies to subject. */
static int apply(const char *subject)
{
	struct err e = {0};

	env_unset("RT_HIT");
	return rules_apply(CONF_BOUNCERULES, str_z(subject), &e);
}

static void matching(void **state)
{
	(void)state;
	env_put("CONTROLDIR", scratch_name);
	env_unset("BOUNCERULES");
	assert_int_equal(apply("a@b"), 0);
	scratch_file("bounce.envrules",
		"*@d.example:RT_HIT=domain\n# comment\n*:RT_ALL=1\nann@*:RT_HIT=ann\n<>:RT_HIT=null\nno colon\n");
	assert_int_equal(apply("bob@d.example"), 2);
	value("RT_HIT", "domain");
	value("RT_ALL", "1");
	assert_int_equal(apply("ann@d.example"), 3);
	value("RT_HIT", "ann");
	assert_int_equal(apply("no colon"), 2);
	value("RT_HIT", NULL);
	assert_int_equal(apply(""), 4);
	value("RT_HIT", "null");
	env_put("BOUNCERULES", "./other");
	assert_int_equal(apply("bob@d.example"), 0);
	scratch_file("other", "bob@d.example:RT_HIT=other\n");
	assert_int_equal(apply("bob@d.example"), 1);
	value("RT_HIT", "other");
	env_put("BOUNCERULES", "/");
	assert_int_equal(apply("bob@d.example"), -1);
	env_unset("BOUNCERULES");
}

static void expressions(void **state)
{
	(void)state;
	scratch_file("bounce.envrules", "^a+@D\\.:RT_HIT=regex\n[broken:RT_HIT=broken\n");
	env_put("QREGEX", "1");
	assert_int_equal(apply("xaaa@d.example"), 0);
	assert_int_equal(apply("aaa@d.example"), 1);
	assert_int_equal(apply("[broken"), 0);
	env_unset("QREGEX");
	assert_int_equal(apply("aaa@d.example"), 0);
	assert_int_equal(apply("[broken"), 2);
}

static void domains(void **state)
{
	(void)state;
	struct list l = LIST_INIT;

	buf_adds(&l.text, "d.example:RT_Q=1\n*.d.example:RT_Q=2\n.:RT_Q=3\n");
	list_parse(&l);
	env_put("QREGEX", "1");
	assert_int_equal(rules_apply_domain(&l, STR("a@b@D.Example")), 1);
	value("RT_Q", "1");
	assert_int_equal(rules_apply_domain(&l, STR("a@x.d.example")), 2);
	value("RT_Q", "2");
	assert_int_equal(rules_apply_domain(&l, STR("a@other")), 0);
	assert_int_equal(rules_apply_domain(&l, STR("local")), 0);
	value("RT_Q", "2");
	env_unset("QREGEX");
	list_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(assignments),
		cmocka_unit_test(matching),
		cmocka_unit_test(expressions),
		cmocka_unit_test(domains),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
