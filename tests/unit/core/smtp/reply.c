/* Replies: enhanced codes, cleaning of foreign text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/smtp/reply.h"

static void codes(void **state)
{
	(void)state;
	assert_true(str_eq(reply_code(553, STR("no (#5.7.1)")), STR("5.7.1")));
	assert_true(str_eq(reply_code(450, STR("no (#4.10.123)")), STR("4.10.123")));
	assert_int_equal(reply_code(451, STR("no (#5.7.1)")).n, 0);
	assert_int_equal(reply_code(553, STR("no #5.7.1")).n, 0);
	assert_int_equal(reply_code(553, STR("no (#5.7)")).n, 0);
	assert_int_equal(reply_code(553, STR("no (#5.7.x)")).n, 0);
	assert_int_equal(reply_code(553, STR("(#")).n, 0);
	assert_int_equal(reply_code(553, STR("")).n, 0);
}

static void lines(void **state)
{
	struct buf b = BUF_INIT;
	struct out out;
	struct reply r = {.out = &out};

	(void)state;
	out_init_mem(&out, &b);
	reply_line(&r, 250, "2.1.0", "ok");
	reply_queue(&r, "Dno\r\n250 (#5.3.0)");
	r.enhanced = true;
	reply_line(&r, 250, "2.1.0", "ok");
	reply_line(&r, 250, NULL, "ok");
	reply_line(&r, 354, NULL, "go ahead");
	reply_queue(&r, "Zlater (#4.3.0)");
	reply_queue(&r, "Dwithout code");
	reply_part(&r, 220, false, STR("a"));
	reply_part(&r, 220, true, STR("b"));
	assert_string_equal(b.p, "250 ok\r\n554 no?\?250 (#5.3.0)\r\n250 2.1.0 ok\r\n250 2.0.0 ok\r\n354 go ahead\r\n"
		"451 4.3.0 later (#4.3.0)\r\n554 5.0.0 without code\r\n220-a\r\n220 b\r\n");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(codes), cmocka_unit_test(lines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
