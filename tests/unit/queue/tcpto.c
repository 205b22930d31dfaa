/* Unit tests of queue/tcpto: the bytes of a record, counting, replacement, the skip rule. */
#include "queue/tcpto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static struct ip address(const char *text)
{
	struct ip ip;

	assert_true(ip_scan(str_z(text), &ip));
	return ip;
}

static void table(struct tcpto *t, size_t records)
{
	buf_init(&t->table);
	memset(buf_grow(&t->table, records * TCPTO_RECORD), 0, records * TCPTO_RECORD);
	buf_advance(&t->table, records * TCPTO_RECORD);
}

static void bytes(void **state)
{
	static const unsigned char v4[32] = {2, 0, 0, 0, 1, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0, 192, 0, 2, 1};
	static const unsigned char v6[32] = {10, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	struct ip a = address("192.0.2.1"), b = address("2001:db8::1");
	struct tcpto t;

	(void)state;
	table(&t, 2);
	assert_true(tcpto_failed(&t, &a, 0x12345678, 0));
	assert_true(tcpto_failed(&t, &b, 1, 0));
	assert_memory_equal(t.table.p, v4, 32);
	assert_memory_equal(t.table.p + 32, v6, 32);
	assert_true(tcpto_known(&t, &a));
	assert_true(tcpto_worked(&t, &a));
	assert_false(tcpto_worked(&t, &a));
	assert_int_equal(t.table.p[4], 0);
	tcpto_free(&t);
}

static void counting(void **state)
{
	struct ip a = address("192.0.2.1");
	struct tcpto t;

	(void)state;
	table(&t, 4);
	assert_true(tcpto_failed(&t, &a, 1000, 120));
	assert_false(tcpto_failed(&t, &a, 1119, 120));
	assert_true(tcpto_failed(&t, &a, 1120, 120));
	assert_int_equal(tcpto_entry(&t, 0).count, 2);
	for (int i = 0; i < 20; i++)
		tcpto_failed(&t, &a, 2000 + i, 0);
	assert_int_equal(tcpto_entry(&t, 0).count, TCPTO_COUNT_MAX);
	assert_int_equal(tcpto_entry(&t, 1).count, 0);
	tcpto_free(&t);
}

static void replacement(void **state)
{
	struct ip a = address("192.0.2.1"), b = address("192.0.2.2"), c = address("192.0.2.3");
	struct tcpto t;

	(void)state;
	table(&t, 2);
	tcpto_failed(&t, &a, 1000, 0);
	tcpto_failed(&t, &a, 1001, 0);
	tcpto_failed(&t, &b, 1500, 0);
	/* 1001 + 2 * 1024 outweighs 1500 + 1024 */
	tcpto_failed(&t, &c, 1600, 0);
	assert_true(tcpto_known(&t, &a));
	assert_false(tcpto_known(&t, &b));
	assert_true(tcpto_known(&t, &c));
	tcpto_free(&t);
}

static void skipping(void **state)
{
	struct ip a = address("192.0.2.1");
	struct tcpto t, none = {BUF_INIT};

	(void)state;
	table(&t, 2);
	tcpto_failed(&t, &a, 10000, 0);
	assert_false(tcpto_skip(&t, &a, 10000, 3600, 0));
	tcpto_failed(&t, &a, 10000, 0);
	/* pid 0: 3600 + 60 * 64 - 3600 seconds, pid 31: 91 * 64 */
	assert_true(tcpto_skip(&t, &a, 10000 + 3839, 3600, 0));
	assert_false(tcpto_skip(&t, &a, 10000 + 3840, 3600, 0));
	assert_true(tcpto_skip(&t, &a, 10000 + 5823, 3600, 31));
	assert_false(tcpto_skip(&t, &a, 10000, 0, 0));
	assert_false(tcpto_skip(&none, &a, 10000, 3600, 0));
	assert_false(tcpto_failed(&none, &a, 10000, 0));
	tcpto_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bytes), cmocka_unit_test(counting),
		cmocka_unit_test(replacement), cmocka_unit_test(skipping)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
