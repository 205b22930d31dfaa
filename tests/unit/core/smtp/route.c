/* Unit tests of core/smtp/route: the forms of a route. */
#include "core/smtp/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

/* The route as "relay port penalty tolerance login", or "bad". */
static const char *parse(const char *value)
{
	static char text[200];
	struct route r = {.port = 25, .penalty = -1, .tolerance = -1};

	if (!route_parse(str_z(value), &r))
		return "bad";
	snprintf(text, sizeof text, "%.*s %u %ld %ld %.*s", STR_FMT(r.relay), r.port, r.penalty, r.tolerance, STR_FMT(r.login));
	return text;
}

static void forms(void **state)
{
	(void)state;
	assert_string_equal(parse(""), " 25 -1 -1 ");
	assert_string_equal(parse("relay"), "relay 25 -1 -1 ");
	assert_string_equal(parse("relay:2525"), "relay 2525 -1 -1 ");
	assert_string_equal(parse(":2525"), " 2525 -1 -1 ");
	assert_string_equal(parse("relay:26:0:60"), "relay 26 0 60 ");
	assert_string_equal(parse("relay::5"), "relay 25 5 -1 ");
	assert_string_equal(parse("[2001:db8::1]:26"), "[2001:db8::1] 26 -1 -1 ");
	assert_string_equal(parse("[2001:db8::1]"), "[2001:db8::1] 25 -1 -1 ");
	assert_string_equal(parse("relay:587 user pass A=b"), "relay 587 -1 -1 user pass A=b");
	assert_string_equal(parse("relay /s"), "relay 25 -1 -1 /s");
	assert_string_equal(parse(" user pass"), " 25 -1 -1 user pass");
}

static void malformed(void **state)
{
	static const char *const bad[] = {"r:x", "r:70000", "r:0", "r:25:1:2:3", "[::1", "[::1]x", "r:-1", "r:25:x"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_string_equal(parse(bad[i]), "bad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(forms), cmocka_unit_test(malformed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
