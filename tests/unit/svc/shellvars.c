/* shellvars - what the shell would assign, and what only it can tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "svc/shellvars.h"

static void finds(const char *text, int want, const char *value)
{
	struct buf b = BUF_INIT;

	assert_int_equal(shellvars_find(str_z(text), "A", &b), want);
	if (want == 1)
		assert_string_equal(b.p, value);
	buf_free(&b);
}

static void plain(void **state)
{
	(void)state;
	finds("A=b", 1, "b");
	finds("# A=c\nA=b\n", 1, "b");
	finds("A=b\nA=c\n", 1, "c");
	finds("export A=b # why\n", 1, "b");
	finds("  B=1; A=b\n", 1, "b");
	finds("A=\n", 1, "");
	finds("AA=b\nB=A=c\n", 0, "");
	finds("", 0, "");
	finds("A\nA =b\nif A; then\n1A=b\n", 0, "");
}

static void quoted(void **state)
{
	(void)state;
	finds("A='a b$c`d\\'\n", 1, "a b$c`d\\");
	finds("A=\"a \\\"b\\\" \\$c \\d\"\n", 1, "a \"b\" $c \\d");
	finds("A=a\\ b'c'\"d\"", 1, "a bcd");
	finds("B='\nA=evil\n'\nA=b", 1, "b");
	finds("B='\nA=evil\n'", 0, "");
}

static void beyond(void **state)
{
	(void)state;
	finds("A=$HOME/x", -1, "");
	finds("A=\"$(rm)\"", -1, "");
	finds("A=`x`\n", -1, "");
	finds("A=~/x\n", -1, "");
	finds("A='b", -1, "");
	finds("A=\"b\\", -1, "");
	finds("A=$x\nA=b", 1, "b");
	finds("A=\\", 1, "\\");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain), cmocka_unit_test(quoted), cmocka_unit_test(beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
