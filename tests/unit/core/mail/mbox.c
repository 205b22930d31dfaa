/* Unit tests of core/mail/mbox: From_ quoting, whole and in pieces of every size. */
#include "core/mail/mbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void quote_in_pieces(struct str text, size_t piece, struct buf *got)
{
	struct out out;
	struct mbox_quote q = {.out = &out};

	out_init_mem(&out, got);
	for (; text.n; text = str_from(text, piece))
		mbox_quote(&q, str_to(text, piece));
	mbox_quote_end(&q);
	out_flush(&out);
}

static void check(struct str text, const char *want)
{
	for (size_t piece = 1; piece <= text.n + 1; piece++) {
		struct buf got = BUF_INIT;

		quote_in_pieces(text, piece, &got);
		assert_string_equal(got.p, want);
		buf_free(&got);
	}
}

static void quoting(void **state)
{
	(void)state;
	check(STR(""), "\n");
	check(STR("a\n"), "a\n\n");
	check(STR("a"), "a\n\n");
	check(STR("From x\n"), ">From x\n\n");
	check(STR(">From x\nFrom"), ">>From x\nFrom\n\n");
	check(STR(">>>From x"), ">>>>From x\n\n");
	check(STR("From\n>Fro\n> From x\n from From x\n"), "From\n>Fro\n> From x\n from From x\n\n");
	check(STR("\n\nFrom \n>"), "\n\n>From \n>\n\n");
	check(STR("FFrom x\nFrFrom x\n>F>From x\n"), "FFrom x\nFrFrom x\n>F>From x\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(quoting)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
