/* Unit tests of core/smtp/client: replies, extensions, what a transaction sends. */
#include "core/smtp/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static struct smtpc c;
static struct buf sent;

static void start(struct str server)
{
	smtpc_free(&c);
	smtpc_init(&c, -1, 1000);
	in_init_mem(&c.in, server);
	buf_clear(&sent);
	out_init_mem(&c.out, &sent);
}

static int reply(const char *server)
{
	start(str_z(server));
	return smtpc_reply(&c);
}

static void replies(void **state)
{
	(void)state;
	assert_int_equal(reply("250 ok\r\n"), 250);
	assert_string_equal(c.text.p, "250 ok\n");
	assert_int_equal(reply("550-a\r\n550-\r\n550 b\n"), 550);
	assert_string_equal(c.text.p, "550-a\n550-\n550 b\n");
	assert_int_equal(reply("250\r\n"), 250);
	start(STR("250 a\0b\r\n"));
	assert_int_equal(smtpc_reply(&c), 250);
	assert_string_equal(c.text.p, "250 a?b\n");
}

static void bad_replies(void **state)
{
	static const char *const garbage[] = {"hello\r\n", "25 x\r\n", "2500 x\r\n", "099 x\r\n", "600 x\r\n", "\r\n", "250-a\r\nx\r\n"};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		assert_int_equal(reply(garbage[i]), -1);
		assert_int_equal(errno, EPROTO);
	}
	assert_int_equal(reply("250-a\r\n250"), -1);
	assert_int_equal(errno, ECONNRESET);
	for (int i = 0; i < 5000; i++)
		buf_adds(&b, "x");
	assert_int_equal(reply(b.p), -1);
	assert_int_equal(errno, EMSGSIZE);
	buf_clear(&b);
	for (int i = 0; i < 1000; i++)
		buf_adds(&b, "250-long\r\n");
	assert_int_equal(reply(b.p), -1);
	assert_int_equal(errno, EMSGSIZE);
	buf_free(&b);
}

static void extensions(void **state)
{
	(void)state;
	start(STR("250-PIPELINING is my name\r\n250-size 1000\r\n250-AUTH=LOGIN\r\n250-AUTH PLAIN\r\n250 8bitmime\r\n"));
	assert_int_equal(smtpc_hello(&c, STR("me")), 250);
	assert_int_equal(c.ext, SMTPC_ESMTP | SMTPC_SIZE | SMTPC_AUTH | SMTPC_8BITMIME);
	assert_int_equal(c.size_max, 1000);
	assert_string_equal(c.auth.p, "LOGIN PLAIN");
	start(STR("500 what\r\n250 hello\r\n"));
	assert_int_equal(smtpc_hello(&c, STR("me")), 250);
	assert_int_equal(c.ext, 0);
	assert_string_equal(sent.p, "EHLO me\r\nHELO me\r\n");
}

static enum smtpc_end transact(unsigned ext, const char *server, const char *text)
{
	static const struct str rcpts[] = {{"a@x", 3}, {"b@x", 3}};
	struct in body;

	start(str_z(server));
	c.ext = ext;
	in_init_mem(&body, str_z(text));
	return smtpc_send(&c, &(struct smtpc_mail){.sender = STR("s@x"), .rcpts = rcpts, .n = 2, .body = &body});
}

static void transactions(void **state)
{
	(void)state;
	assert_int_equal(transact(0, "250 a\r\n550 a\r\n250 a\r\n354 a\r\n250 z\r\n", ".x\n..\ny\r\nz\rz\n\n"), SMTPC_ACCEPTED);
	assert_string_equal(sent.p, "MAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n"
		"..x\r\n...\r\ny\r\nz\rz\r\n\r\n.\r\n");
	assert_int_equal(transact(0, "250 a\r\n550 a\r\n550 a\r\n", "x\n"), SMTPC_NOBODY);
	assert_int_equal(transact(0, "550 a\r\n", "x\n"), SMTPC_SENDER);
	assert_int_equal(transact(SMTPC_PIPELINING, "250 a\r\n550 a\r\n550 a\r\n354 a\r\n250 z\r\n", "x\n"), SMTPC_NOBODY);
	assert_non_null(strstr(sent.p, "DATA\r\n.\r\n"));
	assert_int_equal(transact(SMTPC_PIPELINING, "551 first\r\n503 a\r\n503 a\r\n503 a\r\n", "x\n"), SMTPC_SENDER);
	assert_string_equal(c.text.p, "551 first\n");
	assert_int_equal(transact(SMTPC_PIPELINING, "250 a\r\n250 a\r\n250 a\r\n451 no\r\n", "x\n"), SMTPC_DATA);
	assert_int_equal(transact(0, "250 a\r\n250 a\r\n250 a\r\n354 a\r\n552 z\r\n", "x\n"), SMTPC_MESSAGE);
	assert_int_equal(transact(0, "250 a\r\n250 a\r\n250 a\r\n354 a\r\n", "x\n"), SMTPC_LOST);
	assert_true(c.dot_sent);
	assert_int_equal(transact(0, "250 a\r\n250 a\r\n250 a\r\n354 a\r\n250 z\r\n", "x\ny"), SMTPC_PARTIAL);
	assert_null(strstr(sent.p, "\r\n.\r\n"));
}

static void addresses(void **state)
{
	(void)state;
	assert_true(smtpc_address_valid(STR("")));
	assert_true(smtpc_address_valid(STR("a b@x.test")));
	assert_false(smtpc_address_valid(STR("a\n@x.test")));
	assert_false(smtpc_address_valid(STR("a@x test")));
	assert_false(smtpc_address_valid(STR("a@x>")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(replies), cmocka_unit_test(bad_replies),
		cmocka_unit_test(extensions), cmocka_unit_test(transactions), cmocka_unit_test(addresses)};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	smtpc_free(&c);
	buf_free(&sent);
	return r;
}
