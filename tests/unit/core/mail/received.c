/* The trace line of daemons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/mail/received.h"

static void check(struct received r, const char *want)
{
	struct buf b = BUF_INIT;

	r.program = "smtpd";
	r.pid = 7;
	r.local = "here";
	r.protocol = "ESMTP";
	received_add(&b, &r);
	assert_string_equal(b.p, want);
	buf_free(&b);
}

static void forms(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	check((struct received){0}, "Received: indimail-mta smtpd 7\n  by here with ESMTP; Thu, 1 Jan 1970 00:00:00 +0000\n");
	check((struct received){.host = "h.example", .helo = STR("x y"), .info = "joe", .ip = "::1"},
		"Received: indimail-mta smtpd 7 from h.example (HELO x y) (joe@::1)\n"
		"  by here with ESMTP; Thu, 1 Jan 1970 00:00:00 +0000\n");
	check((struct received){.helo = STR("a(b)\r\n\0\377;"), .ip = "192.0.2.1", .provider = "nobody"},
		"Received: indimail-mta smtpd 7 (HELO a?b?\?\?\?\?\?) (192.0.2.1)\n"
		"  by here with ESMTP\n  (tls provider nobody); Thu, 1 Jan 1970 00:00:00 +0000\n");
	check((struct received){.ip = "192.0.2.1", .tls = "TLSv1.3 TLS_AES_256_GCM_SHA384 bits=256", .cert = "a@b)\n(x"},
		"Received: indimail-mta smtpd 7 (192.0.2.1)\n  by here with ESMTP (TLSv1.3 TLS_AES_256_GCM_SHA384 bits=256)"
		" (cert a@b???x); Thu, 1 Jan 1970 00:00:00 +0000\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(forms)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
