/* Unit tests of core/mail/date: the forms, zones on both sides, years far away. */
#include "core/mail/date.h"

#include "core/sys/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void form(void (*f)(struct buf *, time_t), const char *zone, time_t t, const char *want)
{
	struct buf b = BUF_INIT;

	env_put("TZ", zone);
	tzset();
	buf_adds(&b, ">");
	f(&b, t);
	assert_string_equal(b.p + 1, want);
	buf_free(&b);
}

static void local_times(void **state)
{
	(void)state;
	form(date_rfc822, "UTC0", 0, "Thu, 1 Jan 1970 00:00:00 +0000");
	form(date_rfc822, "UTC0", 951827696, "Tue, 29 Feb 2000 12:34:56 +0000");
	form(date_rfc822, "XST-5:30", 1700000000, "Wed, 15 Nov 2023 03:43:20 +0530");
	form(date_rfc822, "XST9:30", 1700000000, "Tue, 14 Nov 2023 12:43:20 -0930");
	form(date_rfc822, "XST0:15", 0, "Wed, 31 Dec 1969 23:45:00 -0015");
	form(date_rfc822, "XST-0:20:31", 0, "Thu, 1 Jan 1970 00:20:31 +0021");
	form(date_local, "XST-5:30", 1700000000, "15 Nov 2023 03:43:20 +0530");
	form(date_rfc822, "CET-1CEST,M3.5.0,M10.5.0/3", 1720000000, "Wed, 3 Jul 2024 11:46:40 +0200");
}

static void universal_times(void **state)
{
	(void)state;
	form(date_utc, "XST9", 951827696, "29 Feb 2000 12:34:56");
	form(date_asctime, "XST9", 951827696, "Tue Feb 29 12:34:56 2000");
	form(date_asctime, "XST9", 0, "Thu Jan 01 00:00:00 1970");
	form(date_compact, "XST9", 951827696, "20000229123456");
	form(date_compact, "XST9", 4102444799, "20991231235959");
	form(date_utc, "UTC0", -1, "31 Dec 1969 23:59:59");
	form(date_utc, "UTC0", 253402300800, "1 Jan 10000 00:00:00");
}

/* A year that does not fit in struct tm: some date instead of a crash. */
static void beyond(void **state)
{
	(void)state;
	time_t most = (time_t)INT64_MAX;

	form(date_rfc822, "UTC0", most, "Thu, 1 Jan 1970 00:00:00 +0000");
	form(date_compact, "UTC0", most, "19700101000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_times),
		cmocka_unit_test(universal_times),
		cmocka_unit_test(beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
