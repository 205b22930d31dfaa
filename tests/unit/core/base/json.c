/* Unit tests of core/base/json: commas, escapes, bytes that are no text. */
#include "core/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void strings(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		const char *want;
	} t[] = {
		{{NULL, 0}, "\"\""},
		{STR("plain text"), "\"plain text\""},
		{STR("a\"b\\c"), "\"a\\\"b\\\\c\""},
		{STR("\n\t\r\0\x1b\x7f"), "\"\\n\\t\\u000d\\u0000\\u001b\\u007f\""},
		{STR("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xac"),
			"\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xac\""},
		{STR("\xff"), "\"\\ufffd\""},
		{STR("x\xc3"), "\"x\\ufffd\""},			/* cut off */
		{STR("\xc3(\xe2\x82"), "\"\\ufffd(\\ufffd\\ufffd\""},
		{STR("\xc0\xaf"), "\"\\ufffd\\ufffd\""},	/* overlong */
		{STR("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\""},	/* a surrogate */
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct buf b = BUF_INIT;

		json_text(&b, t[i].in);
		assert_string_equal(b.p, t[i].want);
		buf_free(&b);
	}
}

static void structure(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;

	buf_addc(&b, '[');
	for (int i = 0; i < 2; i++) {
		json_item(&b);
		buf_addc(&b, '{');
		json_pair(&b, "name", STR("x,{["));
		json_number(&b, "n", -5);
		json_bool(&b, "yes", i == 0);
		json_key(&b, "list");
		buf_addc(&b, '[');
		json_text(&b, STR("a"));
		json_text(&b, STR("b"));
		buf_adds(&b, "]}");
	}
	buf_addc(&b, ']');
	assert_string_equal(b.p, "[{\"name\":\"x,{[\",\"n\":-5,\"yes\":true,\"list\":[\"a\",\"b\"]},"
		"{\"name\":\"x,{[\",\"n\":-5,\"yes\":false,\"list\":[\"a\",\"b\"]}]");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(structure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
