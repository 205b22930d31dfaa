/* Unit tests of core/mail/quote: which local parts are quoted, and how. */
#include "core/mail/quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void check(struct str address, const char *want)
{
	struct buf b = BUF_INIT;

	quote_address(&b, address);
	assert_string_equal(b.p, want);
	buf_free(&b);
}

static void plain_addresses_stay(void **state)
{
	(void)state;
	check(STR(""), "");
	check(STR("joe@example.com"), "joe@example.com");
	check(STR("a.b+c=d/e@x"), "a.b+c=d/e@x");
	check(STR("j\303\266rg@x"), "j\303\266rg@x");
	check(STR("joe"), "joe");
}

static void others_are_quoted(void **state)
{
	(void)state;
	check(STR("a b@x"), "\"a b\"@x");
	check(STR("a\"b\\c@x"), "\"a\\\"b\\\\c\"@x");
	check(STR(".a@x"), "\".a\"@x");
	check(STR("a.@x"), "\"a.\"@x");
	check(STR("a..b@x"), "\"a..b\"@x");
	check(STR("@x"), "\"\"@x");
	check(STR("a@b@x"), "\"a@b\"@x");
	check(STR("<a>@x"), "\"<a>\"@x");
}

static void a_header_line_stays_one_line(void **state)
{
	(void)state;
	check(STR("a\nb@x"), "\"a_b\"@x");
	check(STR("a\r\0b@x"), "\"a__b\"@x");
	check(STR("a@x\nBcc: y"), "a@x_Bcc: y");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_addresses_stay),
		cmocka_unit_test(others_are_quoted),
		cmocka_unit_test(a_header_line_stays_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
