/* Unit tests of core/net/ip: text to address and back, literals, own addresses. */
#include "core/net/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/sys/env.h"
#include "core/sys/file.h"

static void text(void **state)
{
	static const char *const rows[][2] = {{"192.0.2.1", "192.0.2.1"}, {"::1", "::1"},
		{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"}, {"::ffff:192.0.2.9", "192.0.2.9"}, {"0.0.0.0", "0.0.0.0"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}};
	static const char *const bad[] = {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4 ", "x", "::g", "1.2.3.-4", ":::"};
	char out[IP_TEXT];
	struct ip ip;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(ip_scan(str_z(rows[i][0]), &ip));
		assert_string_equal(ip_text(&ip, out), rows[i][1]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(ip_scan(str_z(bad[i]), &ip));
}

static void literals(void **state)
{
	static const char *const good[] = {"[192.0.2.1]", "[IPv6:2001:db8::1]", "[ipv6:::1]", "[::1]"};
	static const char *const bad[] = {"192.0.2.1", "[]", "[", "[192.0.2.1", "[IPv6:]", "[IPv6:x]", "[x.test]", "[[::1]"};
	struct ip ip;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(ip_literal(str_z(good[i]), &ip));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(ip_literal(str_z(bad[i]), &ip));
}

static bool own_has(const char *text_of)
{
	struct ip_list own = {{0}};
	struct err e = {0};
	struct ip ip;

	assert_true(ip_scan(str_z(text_of), &ip));
	assert_int_equal(ip_own_all(&own, &e), 0);
	bool hit = ip_listed(&own, &ip);

	vec_free(&own.v);
	return hit;
}

static void own(void **state)
{
	char dir[] = "/tmp/unit-ip.XXXXXX";
	struct buf fn = BUF_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	env_put("CONTROLDIR", dir);
	assert_true(own_has("127.0.0.1"));
	assert_true(own_has("0.0.0.0"));
	assert_false(own_has("192.0.2.77"));
	buf_fmt(&fn, "%s/moreipme", dir);
	assert_int_equal(file_replace(fn.p, STR("192.0.2.77\n192.0.2.78\n"), 0644, NULL), 0);
	buf_clear(&fn);
	buf_fmt(&fn, "%s/notipme", dir);
	assert_int_equal(file_replace(fn.p, STR("192.0.2.78\n127.0.0.1\n"), 0644, NULL), 0);
	assert_true(own_has("192.0.2.77"));
	assert_false(own_has("192.0.2.78"));
	assert_false(own_has("127.0.0.1"));
	file_unlink(fn.p);
	buf_clear(&fn);
	buf_fmt(&fn, "%s/moreipme", dir);
	file_unlink(fn.p);
	file_rmdir(dir);
	buf_free(&fn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(text), cmocka_unit_test(literals), cmocka_unit_test(own)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
