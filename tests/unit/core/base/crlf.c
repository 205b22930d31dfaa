/* Unit tests of core/base/crlf: line ends changed in pieces of every size give what they give in one. */
#include "core/base/crlf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void changed(crlf_change *change, struct str in, size_t piece, struct buf *out)
{
	struct crlf c = {0};

	buf_clear(out);
	while (in.n > piece) {
		change(&c, str_to(in, piece), false, out);
		in = str_from(in, piece);
	}
	change(&c, in, true, out);
}

static void pieces(void **state)
{
	static const struct {
		struct str in, add, fix, del;
	} t[] = {
		{STR(""), STR(""), STR(""), STR("")},
		{STR("\n"), STR("\r\n"), STR("\r\n"), STR("\n")},
		{STR("\r"), STR("\r"), STR("\r"), STR("\r")},
		{STR("\r\n"), STR("\r\r\n"), STR("\r\n"), STR("\n")},
		{STR("\r\r\n\n"), STR("\r\r\r\n\r\n"), STR("\r\r\n\r\n"), STR("\r\n\n")},
		{STR("a\0\nb\r"), STR("a\0\r\nb\r"), STR("a\0\r\nb\r"), STR("a\0\nb\r")},
		{STR("\n\r\n\r\r"), STR("\r\n\r\r\n\r\r"), STR("\r\n\r\n\r\r"), STR("\n\n\r\r")},
		{STR("a line longer than sixteen\r\nand\nanother one as long as it\r"),
			STR("a line longer than sixteen\r\r\nand\r\nanother one as long as it\r"),
			STR("a line longer than sixteen\r\nand\r\nanother one as long as it\r"),
			STR("a line longer than sixteen\nand\nanother one as long as it\r")},
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		for (size_t piece = 1; piece < 40; piece++) {
			changed(crlf_add, t[i].in, piece, &out);
			assert_true(str_eq(buf_str(&out), t[i].add));
			changed(crlf_fix, t[i].in, piece, &out);
			assert_true(str_eq(buf_str(&out), t[i].fix));
			changed(crlf_del, t[i].in, piece, &out);
			assert_true(str_eq(buf_str(&out), t[i].del));
		}
	buf_free(&out);
}

static void visible(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	crlf_visible(STR("a\tb\n\0\x1b\x7f\x80\x8a\xe4\xff\r"), &out);
	assert_string_equal(out.p, "a\tb\n^@^[^?M-^@M-^JM-dM-^?^M");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces),
		cmocka_unit_test(visible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
