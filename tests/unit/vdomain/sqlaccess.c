/* Unit tests of vdomain/sqlaccess: which rules of the table are meant for an address.  (The database: tcpserver-sql.t.) */
#include "vdomain/sqlaccess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static bool match(const char *rule, const char *address)
{
	struct ip ip;

	assert_true(ip_scan(str_z(address), &ip));
	return sqlaccess_match(str_z(rule), &ip);
}

static void rules(void **state)
{
	static const char *const yes[][2] = {{"*", "192.0.2.17"}, {"*", "2001:db8::1"}, {"192.0.2.17", "192.0.2.17"},
		{"192.0.2.17", "::ffff:192.0.2.17"}, {"2001:db8:0::1", "2001:db8::1"}, {"192.0.2.*", "192.0.2.17"},
		{"*.*.*.*", "1.2.3.4"}, {"192.0.2.1?", "192.0.2.17"}, {"192.0.2.10-17", "192.0.2.17"},
		{"192.0.2.17-", "192.0.2.255"}, {"0-.0-256.2-2.10-20", "192.0.2.17"}, {" 192.0.2.17 ", "192.0.2.17"}};
	static const char *const no[][2] = {{"", "192.0.2.17"}, {"192.0.2.18", "192.0.2.17"}, {"192.0.2.*", "192.0.3.17"},
		{"192.0.2.?", "192.0.2.17"}, {"192.0.2.18-", "192.0.2.17"}, {"192.0.2.10-16", "192.0.2.17"},
		{"192.0.2.16-x", "192.0.2.17"}, {"192.0.2.-20", "192.0.2.17"}, {"192.0.2", "192.0.2.17"},
		{"*.*.*.*", "2001:db8::1"}, {"1.2.3.4.5", "1.2.3.4"}, {"192.0..17", "192.0.2.17"}};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(match(yes[i][0], yes[i][1]));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(match(no[i][0], no[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rules)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
