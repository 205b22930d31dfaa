/* Unit tests of svc/ask: what a client of svstatd may say. */
#include "svc/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void good(void **state)
{
	(void)state;
	struct ask a;

	assert_true(ask_parse(STR("/service x\n"), &a));
	assert_true(str_eq(a.scandir, STR("/service")) && str_eq(a.name, STR("x")) && !a.program.n);
	assert_true(ask_parse(STR("\t/a/b.c  x..y/log\r\n"), &a));
	assert_true(str_eq(a.scandir, STR("/a/b.c")) && str_eq(a.name, STR("x..y/log")));
	assert_true(ask_parse(STR("/s x podman a_b.c-1"), &a));
	assert_true(str_eq(a.program, STR("podman")) && str_eq(a.container, STR("a_b.c-1")));
	assert_true(ask_parse(STR("/s caf\303\251 docker 1"), &a));
}

static void bad(void **state)
{
	(void)state;
	static const char *const lines[] = {"", "\n", "/s", "/s\n", "s x", "-s x", "/s /x", "/s x/", "/s x/y", "/s x/log/y",
		"/s /log", "/s ..", "/s ../log", "/s/.. x", "/../s x", "/s \001", "/s\177 x", "/s x docker", "/s x sh c",
		"/s x docker -i", "/s x docker a/b", "/s x docker a;b", "/s x docker a b", "/s x docker .a"};
	struct ask a = {.scandir = STR("untouched")};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_false(ask_parse(str_z(lines[i]), &a));
	assert_false(ask_parse(str_make("/s x\0y", 6), &a));
	assert_true(str_eq(a.scandir, STR("untouched")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
