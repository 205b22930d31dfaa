/* Unit tests of core/base/words: what a shell makes of it, and what is no command line. */
#include "core/base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/base/buf.h"

/* The words with a bar behind each. */
static bool split(struct str text, struct buf *out)
{
	struct words w = WORDS_INIT;
	bool good = words_add(&w, text);

	buf_clear(out);
	for (char *const *p = words_end(&w); *p; p++)
		buf_fmt(out, "%s|", *p);
	words_free(&w);
	return good;
}

static void good(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{"", ""},
		{" \t\r\n", ""},
		{"a", "a|"},
		{"  a  b\tc\n", "a|b|c|"},
		{"'a b' c", "a b|c|"},
		{"\"a b\"c d", "a bc|d|"},
		{"a'b'\"c\"", "abc|"},
		{"'' \"\"", "||"},
		{"a\\ b \\'", "a b|'|"},
		{"'a\\b'", "a\\b|"},
		{"\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d|"},
		{"\"it's\"", "it's|"},
		{"a\\", "a\\|"},
		{"$a `b` *", "$a|`b`|*|"},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		assert_true(split(str_z(t[i].text), &out));
		assert_string_equal(out.p, t[i].want);
	}
	buf_free(&out);
}

static void bad(void **state)
{
	static const struct {
		struct str text;
		const char *want;
	} t[] = {
		{STR("'"), ""},
		{STR("a \"b"), "a|"},
		{STR("a 'b\""), "a|"},
		{STR("\"a\\\""), ""},
		{STR("a b\0c"), "a|"},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		assert_false(split(t[i].text, &out));
		assert_string_equal(out.p, t[i].want);
	}
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
