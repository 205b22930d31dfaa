/* Unit tests of core/net/rule: the keys and the record a line becomes, and what is no rule. */
#include "core/net/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static int count;

/* keys and data, a line each; NUL shows as | */
static int note(void *ctx, struct str key, struct str data)
{
	struct buf *b = ctx;

	buf_add(b, key);
	buf_addc(b, ' ');
	for (size_t i = 0; i < data.n; i++)
		buf_addc(b, data.p[i] ? data.p[i] : '|');
	buf_addc(b, '\n');
	count++;
	return 0;
}

static void lines(void **state)
{
	static const char *const rows[][2] = {
		{"1.2.3.4:allow", "1.2.3.4 \n"}, {"1.2.3.:deny", "1.2.3. D|\n"}, {":allow \t\r\n", " \n"},
		{"=:deny,A=\"b\"", "= D|+A=b|\n"}, {"=.X.Test:allow,A=xb=c,dx,!B", "=.x.test +A=b=c,d|-B|\n"},
		{"Joe@1.2.3.4:allow", "joe@1.2.3.4 \n"}, {"a@b@=h:deny", "a@b@=h D|\n"},
		{"1.2.3.37-39:allow", "1.2.3.37 \n1.2.3.38 \n1.2.3.39 \n"}, {"10.2-3.:deny", "10.2. D|\n10.3. D|\n"},
		{"1.254-999.:deny", "1.254. D|\n1.255. D|\n"}, {"1.9-8.:deny", ""}, {"=a-b:allow", "=a-b \n"},
		{"x-y@1.2.3.4:allow", "x-y@1.2.3.4 \n"}, {"1-2:allow", "1 \n2 \n"},
		{"127.000.000.001:allow", "127.0.0.1 \n"}, {"::FFFF:1.2.3.4:allow", "1.2.3.4 \n"},
		{"2001:DB8:0::1:allow", "2001:db8::1 \n"}, {"::1:deny", "::1 D|\n"},
		{"2001:0db8:0000:0000:0000:0000:0000:0001:allow", "2001:0db8:0000:0000:0000:0000:0000:0001 \n"},
		{"joe@::1:allow", "joe@0000:0000:0000:0000:0000:0000:0000:0001 \n"},
		{"128.0/9:deny", "_a00000000 D|\n"}, {"255.255.255.255/32:deny", "_abcdefghijklmnopqrstuvwxyz123456 D|\n"},
		{"127./8:allow", "_0bcdefgh \n"}, {"10.1.2.3/0:allow", " \n"}, {"::/0:allow", " \n"}, {"c000::/3:allow", "^`a0 \n"},
		{"2002::/16:allow", "^00`00000000000a0 \n"}, {"::ffff:128.0.0.0/97:deny", "_a D|\n"},
		{"1.2.3.4:allow,E=\"\"", "1.2.3.4 +E=|\n"}, {"deny::deny", "deny: D|\n"}, {":allow,A='\"'", " +A=\"|\n"},
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&b);
		assert_int_equal(rule_parse(str_z(rows[i][0]), note, &b), RULE_OK);
		assert_string_equal(b.p, rows[i][1]);
	}
	count = 0;
	assert_int_equal(rule_parse(STR("0-255:allow"), note, &b), RULE_OK);
	assert_int_equal(count, 256);
	buf_free(&b);
}

static void all_ones(void **state)
{
	struct buf key = BUF_INIT;
	struct ip ip;

	(void)state;
	assert_true(ip_scan(STR("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), &ip));
	rule_network_key(&key, &ip);
	assert_int_equal(key.n, 129);
	for (int i = 0; i < 128; i++)
		assert_int_equal((unsigned char)key.p[i + 1], 96 + i);
	assert_true(ip_scan(STR("1:203:a0b::ffff"), &ip));
	rule_expanded(&key, &ip);
	assert_string_equal(key.p, "0001:0203:0a0b:0000:0000:0000:0000:ffff");
	buf_free(&key);
}

static int refuse(void *ctx, struct str key, struct str data)
{
	(void)key;
	(void)data;
	return -- *(int *)ctx;
}

static void no_rules(void **state)
{
	static const char *const none[] = {"", "\n", "  \t\n", "#x", "#:allow"};
	static const char *const bad[] = {"1.2.3.4:", "1.2.3.4:permit", ":allow ,A='b'", ":allowed", ":denyA", ":allow,", ":allow,A",
		":allow,A=", ":allow,A=\"b", ":allow,A=\"b\"c", ":allow,=\"b\"", ":allow,!", ":allow,!A=b", ":allow,,",
		"1.2.3-:allow", "1.-3.:allow", "a-b:allow", "1.2-3.4-5:allow", "1.2.3.4/33:allow", "1.2.3.256/8:allow",
		"1.2.3.4.5/8:allow", "::1/129:allow", "::g/12:allow", "/8:allow", "1/:allow", "1/x:allow", "::ffff:1.2.3.4/90:allow"};
	struct buf b = BUF_INIT;
	int left = 1;

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_int_equal(rule_parse(str_z(none[i]), note, &b), RULE_NONE);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(rule_parse(str_z(bad[i]), note, &b), RULE_BAD);
	assert_int_equal(rule_parse(STR("1.2.3.4"), note, &b), RULE_NO_COLON);
	assert_int_equal(rule_parse(STR("a\0b:allow"), note, &b), RULE_BAD);
	assert_int_equal(b.n, 0);
	assert_int_equal(rule_parse(STR("1-9:allow"), refuse, &left), RULE_FAILED);
	assert_int_equal(left, -1);
	buf_free(&b);
}

static void records(void **state)
{
	struct str data = STR("+A=b\0\0?x\0+noequals\0+=v\0-C\0-D=e\0D\0+E=\0+cut=off");
	struct rule_item it;

	(void)state;
	assert_true(rule_item(&data, &it));
	assert_true(it.kind == '+' && str_eq(it.name, STR("A")) && str_eq(it.value, STR("b")));
	assert_true(rule_item(&data, &it));
	assert_true(it.kind == '-' && str_eq(it.name, STR("C")));
	assert_true(rule_item(&data, &it));
	assert_true(it.kind == 'D');
	assert_true(rule_item(&data, &it));
	assert_true(it.kind == '+' && str_eq(it.name, STR("E")) && it.value.n == 0);
	assert_false(rule_item(&data, &it));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(all_ones), cmocka_unit_test(no_rules),
		cmocka_unit_test(records)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
