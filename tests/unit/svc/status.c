/* Unit tests of svc/status: the 21 bytes, to the byte. */
#include "svc/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void layout(void **state)
{
	static const unsigned char want[STATUS_SIZE] = {
		0x40, 0, 0, 0, 0x6b, 0x08, 0x93, 0x8a,	/* 2^62 + 10 + 0x6b089380 */
		0x1d, 0xfa, 0x4f, 0x0c, 0x04, 0x03, 0x02, 0x01, 1, 'u', 0xfe, 0xff, 1};
	struct status s = {.since = 0x6b089380, .nsec = 0x1dfa4f0c, .pid = 0x01020304, .paused = true, .want = 'u',
		.wait = -2, .up = true};
	unsigned char got[STATUS_SIZE];

	(void)state;
	status_pack(&s, got);
	assert_memory_equal(got, want, sizeof want);
}

static void same(const struct status *a)
{
	unsigned char bytes[STATUS_SIZE];
	struct status b;

	status_pack(a, bytes);
	assert_true(status_unpack(&b, bytes, sizeof bytes));
	assert_int_equal(b.since, a->since);
	assert_int_equal(b.nsec, a->nsec);
	assert_int_equal(b.pid, a->pid);
	assert_int_equal(b.paused, a->paused);
	assert_int_equal(b.want, a->want);
	assert_int_equal(b.wait, a->wait);
	assert_int_equal(b.up, a->up);
}

static void round_trip(void **state)
{
	(void)state;
	same(&(struct status){.since = 1, .pid = UINT32_MAX, .want = 'd', .wait = 32767});
	same(&(struct status){.since = 4000000000, .nsec = 999999999, .pid = 1, .wait = -1, .up = true});
	same(&(struct status){.since = 0});
}

static void classic(void **state)
{
	unsigned char bytes[STATUS_SIZE];
	struct status s = {.since = 1000, .pid = 77, .want = 'u', .up = true}, got;

	(void)state;
	status_pack(&s, bytes);
	assert_true(status_unpack(&got, bytes, STATUS_CLASSIC_SIZE));
	assert_true(got.up);
	assert_int_equal(got.pid, 77);
	s.pid = 0;
	status_pack(&s, bytes);
	assert_true(status_unpack(&got, bytes, STATUS_CLASSIC_SIZE));
	assert_false(got.up);
}

static void bad(void **state)
{
	unsigned char bytes[STATUS_SIZE];
	struct status s = {.since = 1000}, got;

	(void)state;
	status_pack(&s, bytes);
	for (size_t n = 0; n < STATUS_SIZE; n++)
		assert_true(status_unpack(&got, bytes, n) == (n == STATUS_CLASSIC_SIZE));
	memset(bytes, 0, sizeof bytes);	/* a file that a crash has left empty */
	assert_false(status_unpack(&got, bytes, sizeof bytes));
	memset(bytes, 0xff, sizeof bytes);
	assert_false(status_unpack(&got, bytes, sizeof bytes));
	status_pack(&s, bytes);
	bytes[8] = 0xff;	/* more than a second of nanoseconds */
	assert_false(status_unpack(&got, bytes, sizeof bytes));
}

static void age(void **state)
{
	struct status s = {.since = 1000};

	(void)state;
	assert_int_equal(status_seconds(&s, 1010), 10);
	assert_int_equal(status_seconds(&s, 990), 0);	/* the clock was set back */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout), cmocka_unit_test(round_trip), cmocka_unit_test(classic), cmocka_unit_test(bad),
		cmocka_unit_test(age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
