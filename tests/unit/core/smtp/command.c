/* Verb, address and parameter parsing of SMTP command lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/smtp/command.h"

static void verbs(void **state)
{
	static const struct {
		const char *line, *verb, *arg;
	} rows[] = {
		{"", "", ""}, {"QUIT", "QUIT", ""}, {"NOOP  x y ", "NOOP", "x y"}, {" HELO", "", "HELO"},
		{"MAIL FROM:<a> B", "MAIL", "FROM:<a> B"}, {"RSET\t", "RSET", ""},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct command c = command_split(str_z(rows[i].line));

		assert_true(str_eq(c.verb, str_z(rows[i].verb)));
		assert_true(str_eq(c.arg, str_z(rows[i].arg)));
	}
}

static void addresses(void **state)
{
	static const struct {
		const char *arg, *addr, *rest;	/* addr NULL: malformed */
	} rows[] = {
		{"FROM:<a@b>", "a@b", ""},
		{"FROM:<a@b> SIZE=1 X", "a@b", " SIZE=1 X"},
		{"FROM:<>", "", ""},
		{"FROM:a@b SIZE=1", "a@b", "SIZE=1"},
		{"FROM:  a@b", "a@b", ""},
		{"<a@b>", "a@b", ""},
		{"TO:<@x,@y:a@b>", "a@b", ""},
		{"TO:@x:a@b", "a@b", ""},
		{"TO:<\"a b\"@c>", "a b@c", ""},
		{"TO:<\"a>b\"@c>d", "a>b@c", "d"},
		{"TO:<a\\>b@c>", "a>b@c", ""},
		{"TO:<\"a\\\"b\"@c>", "a\"b@c", ""},
		{"TO:\"a b\"@c d", "a b@c", "d"},
		{"TO:<a@b", NULL, NULL},
		{"TO:<\"a>", NULL, NULL},
		{"TO:\"a", NULL, NULL},
		{"TO:<a\\", NULL, NULL},
		{"TO:<a\tb>", NULL, NULL},
		{"TO:<a\177b>", NULL, NULL},
		{"TO:", NULL, NULL},
		{"TO:   ", NULL, NULL},
		{"", NULL, NULL},
		{"a@b", NULL, NULL},
		{"TO:<@x", NULL, NULL},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf addr = BUF_INIT;
		struct str rest = {NULL, 0};

		buf_adds(&addr, "before");
		bool ok = command_address(str_z(rows[i].arg), &addr, &rest);

		assert_int_equal(ok, rows[i].addr != NULL);
		assert_string_equal(addr.p, ok ? rows[i].addr : "before");
		if (ok)
			assert_true(str_eq(rest, str_z(rows[i].rest)));
		buf_free(&addr);
	}
}

static void address_length(void **state)
{
	struct buf arg = BUF_INIT, addr = BUF_INIT;
	struct str rest;

	(void)state;
	buf_adds(&arg, "TO:<");
	for (int i = 0; i < ADDRESS_MAX; i++)
		buf_addc(&arg, 'a');
	buf_addc(&arg, '>');
	assert_true(command_address(buf_str(&arg), &addr, &rest));
	assert_int_equal(addr.n, ADDRESS_MAX);
	buf_trunc(&arg, arg.n - 1);
	buf_adds(&arg, "a>");
	assert_false(command_address(buf_str(&arg), &addr, &rest));
	/* a NUL is a control byte, too */
	assert_false(command_address(STR("TO:<a\0b>"), &addr, &rest));
	buf_free(&arg);
	buf_free(&addr);
}

static void params(void **state)
{
	struct str rest = STR("  SIZE=10  SMTPUTF8 AUTH=<> =x"), name, value;

	(void)state;
	assert_true(command_param(&rest, &name, &value));
	assert_true(str_eq(name, STR("SIZE")) && str_eq(value, STR("10")));
	assert_true(command_param(&rest, &name, &value));
	assert_true(str_eq(name, STR("SMTPUTF8")) && !value.p);
	assert_true(command_param(&rest, &name, &value));
	assert_true(str_eq(name, STR("AUTH")) && str_eq(value, STR("<>")));
	assert_true(command_param(&rest, &name, &value));
	assert_true(name.n == 0 && str_eq(value, STR("x")));
	assert_false(command_param(&rest, &name, &value));
}

static void xtext(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	assert_true(command_xtext(STR("a+3Db+2B"), &out));
	assert_string_equal(out.p, "a=b+");
	assert_false(command_xtext(STR("a+"), &out));
	assert_false(command_xtext(STR("a+3"), &out));
	assert_false(command_xtext(STR("a+zz"), &out));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs), cmocka_unit_test(addresses), cmocka_unit_test(address_length),
		cmocka_unit_test(params), cmocka_unit_test(xtext),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
