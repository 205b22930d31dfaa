/* Unit tests of queue/dotqmail: every kind of line, jumps, what needs a shell. */
#include "queue/dotqmail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

/* The instructions as text: one letter per kind, "label|" for jumps, the argument. */
static void render(struct str text, struct buf *out)
{
	struct dotqmail d = {.rest = text};
	struct dot_line line;
	struct err e;
	int r;

	while ((r = dotqmail_next(&d, &line, &e)) > 0) {
		buf_addc(out, "BMPFJEL"[line.kind]);
		if (line.kind == DOT_JUMP)
			buf_fmt(out, "%.*s|", STR_FMT(line.label));
		if (line.kind != DOT_LIST)
			buf_fmt(out, "%.*s", STR_FMT(line.text));
		buf_addc(out, ';');
	}
	if (r < 0)
		buf_adds(out, "error");
}

static void check(struct str text, const char *want)
{
	struct buf got = BUF_INIT;

	render(text, &got);
	assert_string_equal(got.p, want);
	buf_free(&got);
}

static void lines(void **state)
{
	(void)state;
	check(STR("./mbox\n/a/b/\n.\n./"), "B./mbox;M/a/b/;B.;M./;");
	check(STR("| a b \t\n&x@y\nplain@z\n& q"), "Pa b;Fx@y;Fplain@z;Fq;");
	check(STR("#c\n:label\n\n \n%dir\n+list\n+other\nx"), "Edir;L;Fx;");
	check(STR("?lab  cmd a\n?lab\n?"), "Jlab|cmd a;Jlab|;J|;");
	check(STR("./Maildir/ \t"), "M./Maildir/;");
}

static void errors(void **state)
{
	(void)state;
	check(STR(""), "error");
	check(STR("\n./x"), "error");
	check(STR(" \t\n./x"), "error");
	check(STR("./x\n|"), "B./x;error");
	check(STR("&"), "error");
	check(STR("%"), "error");
	check(STR("a\0b"), "error");
}

static void jumps(void **state)
{
	struct dotqmail d = {.rest = STR("|a\n:x y\n|b\n:z\n|c\n")};
	struct dot_line line;
	struct err e;

	(void)state;
	assert_int_equal(dotqmail_next(&d, &line, &e), 1);
	dotqmail_jump(&d, STR("x"));
	assert_int_equal(dotqmail_next(&d, &line, &e), 1);
	assert_true(str_eq(line.text, STR("b")));
	/* only forward */
	dotqmail_jump(&d, STR("x"));
	assert_int_equal(dotqmail_next(&d, &line, &e), 0);
}

static void plain(void **state)
{
	(void)state;
	assert_true(dotqmail_plain(STR("vdelivermail -x a@b.c /p/q:1 +2,3=4%5_6")));
	assert_false(dotqmail_plain(STR("")));
	for (const char *p = "'\"\\$`;&|<>()*?[]~#!{}^\n"; *p; p++) {
		char text[] = {'a', ' ', *p};

		assert_false(dotqmail_plain(str_make(text, sizeof text)));
	}
	assert_false(dotqmail_plain(STR("a\0b")));
	assert_false(dotqmail_plain(STR("a\303\244")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(errors),
		cmocka_unit_test(jumps),
		cmocka_unit_test(plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
