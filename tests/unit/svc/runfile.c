/* Unit tests of svc/runfile: which scripts need no shell, and what they say. */
#include "svc/runfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/buf.h"

static const char *variable(const char *name)
{
	if (strcmp(name, "A") == 0)
		return "one two";
	if (strcmp(name, "STAR") == 0)
		return "*";
	return strcmp(name, "B_2") == 0 ? "b" : NULL;
}

/* The words between bars, then descriptors as "to<from"; "no" when the script is not plain. */
static void script(const char *text, const char *want)
{
	struct runfile r = {.arena = {0}};
	struct buf got = BUF_INIT;

	if (runfile_plain(&r, str_z(text), variable)) {
		for (size_t i = 0; r.argv.p[i]; i++)
			buf_fmt(&got, "%s|", r.argv.p[i]);
		for (size_t i = 0; i < r.fds.n; i++)
			buf_fmt(&got, " %d<%d", r.fds.p[i].to, r.fds.p[i].from);
	} else {
		buf_adds(&got, "no");
	}
	assert_string_equal(got.p, want);
	buf_free(&got);
	runfile_free(&r);
}

#define SH "#!/bin/sh\n"

static void plain(void **state)
{
	(void)state;
	script(SH "exec multilog t ./main\n", "multilog|t|./main|");
	script("#! /usr/bin/dash \n# a comment\n\n\t exec a\tb  c", "a|b|c|");
	script(SH "exec 2>&1\nexec a b # why\n", "a|b| 2<1");
	script(SH "exec a 2>&1 3<&- >&2\n", "a| 2<1 3<-1 1<2");
	script(SH "exec a \\\n\tb\\\nc\n", "a|bc|");
	script(SH "exec a -x y=1 +r,z @%:^\n", "a|-x|y=1|+r,z|@%:^|");
	script(SH "exec a 'b c' \"d e\"f '' \"\"\n", "a|b c|d ef|||");
	script(SH "exec a 'x$y\"`' \"it's\"\n", "a|x$y\"`|it's|");
}

static void variables(void **state)
{
	(void)state;
	script(SH "exec a $B_2 ${B_2}x \"$A\" '$A'\n", "a|b|bx|one two|$A|");
	script(SH "exec a x$A.y $NONE \"$NONE\"\n", "a|xone|two.y||");
	script(SH "exec $A\n", "one|two|");
	script(SH "exec a $STAR\n", "no");
	script(SH "exec a \"$STAR\"\n", "a|*|");
	script(SH "exec $NONE\n", "no");
}

static void not_plain(void **state)
{
	static const char *const scripts[] = {
		"", "exec a\n", "#!/usr/bin/perl\nexec a\n", "#!/bin/sh -e\nexec a\n", SH, SH "a b\n", SH "exec a\nexec b\n",
		SH "exec a\necho b\n", SH "exec a; b\n", SH "exec a | b\n", SH "exec a && b\n", SH "exec a `b`\n",
		SH "exec a $(b)\n", SH "exec a >file\n", SH "exec a 2>>&1\n", SH "exec a <file\n", SH "exec a *\n", SH "exec a ?\n",
		SH "exec a [b]\n", SH "exec a ~\n", SH "exec ~/a\n", SH "exec a {b,c}\n", SH "exec a \\b\n", SH "exec a 'b\n",
		SH "exec a \"b\n", SH "exec a \"\\b\"\n", SH "exec a \"`b`\"\n", SH "exec a $1\n", SH "exec a $@\n",
		SH "exec a ${B_2\n", SH "exec a ${B_2:-x}\n", SH "exec a $\n", SH "A=b exec a\n", SH "exec A=b a\n", SH "exec 2>&1\n",
		SH "exec\n", SH "execa\n", SH "set -e\nexec a\n", SH "exec a 2>&1x\n", SH "exec a !b\n", SH "exec a (b)\n",
		SH "exec a 2>\n", SH "exec a &\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		script(scripts[i], "no");
}

static void zero_bytes(void **state)
{
	static const char text[] = SH "exec a\0b\n";
	struct runfile r = {.arena = {0}};

	(void)state;
	assert_false(runfile_plain(&r, str_make(text, sizeof text - 1), variable));
	runfile_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain), cmocka_unit_test(variables), cmocka_unit_test(not_plain), cmocka_unit_test(zero_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
