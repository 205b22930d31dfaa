/* Unit tests of core/smtp/aside: what is put aside comes back; damaged bytes do not. */
#include "core/smtp/aside.h"

#include "core/conf/conf.h"
#include "core/smtp/envrules.h"
#include "core/sys/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct smtp_config conf_a, conf_b;
static struct err e;

static void fill(struct session *s)
{
	*s = (struct session){.conf = &conf_a, .helo = BUF_INIT, .sender = BUF_INIT, .auth_param = BUF_INIT,
		.params = BUF_INIT, .rcpts = BUF_INIT, .cert_email = BUF_INIT, .line = BUF_INIT, .rcpt = BUF_INIT};
	buf_adds(&s->helo, "client.example");
	buf_adds(&s->sender, "a@b.example");
	buf_adds(&s->params, "RET=HDRS");
	buf_put(&s->rcpts, "Lone@x\0\0Rtwo@y\0NOTIFY=NEVER\0", 28);
	s->rcpt_count = 2;
	s->helo_seen = s->esmtp = s->mail_seen = s->secured = true;
	strcpy(s->facts.version, "TLSv1.3");
	s->facts.bits = 256;
	conf_a.relay = true;
}

static void release(struct session *s)
{
	buf_free(&s->helo);
	buf_free(&s->sender);
	buf_free(&s->auth_param);
	buf_free(&s->params);
	buf_free(&s->rcpts);
	buf_free(&s->cert_email);
}

static void empty(struct session *s)
{
	*s = (struct session){.conf = &conf_b, .helo = BUF_INIT, .sender = BUF_INIT, .auth_param = BUF_INIT,
		.params = BUF_INIT, .rcpts = BUF_INIT, .cert_email = BUF_INIT};
}

static void there_and_back(void **state)
{
	struct session a, b;
	struct buf text = BUF_INIT;

	(void)state;
	fill(&a);
	empty(&b);
	aside_write(&a, &text);
	assert_int_equal(aside_read(&b, buf_str(&text), &e), 0);
	assert_string_equal(b.helo.p, "client.example");
	assert_string_equal(b.sender.p, "a@b.example");
	assert_string_equal(b.params.p, "RET=HDRS");
	assert_true(str_eq(buf_str(&a.rcpts), buf_str(&b.rcpts)));
	assert_int_equal(b.rcpt_count, 2);
	assert_true(b.helo_seen && b.esmtp && b.mail_seen && b.secured && !b.size_refused && conf_b.relay);
	assert_string_equal(b.facts.version, "TLSv1.3");
	assert_int_equal(b.facts.bits, 256);
	release(&b);
	/* a session without TLS brings no facts */
	a.secured = false;
	size_t with = text.n;

	buf_clear(&text);
	aside_write(&a, &text);
	assert_true(text.n < with);
	empty(&b);
	assert_int_equal(aside_read(&b, buf_str(&text), &e), 0);
	assert_false(b.secured);
	release(&a);
	release(&b);
	buf_free(&text);
}

static void damaged(void **state)
{
	struct session a, b;
	struct buf text = BUF_INIT;

	(void)state;
	fill(&a);
	aside_write(&a, &text);
	for (size_t n = 0; n < text.n; n++) {
		empty(&b);
		assert_int_equal(aside_read(&b, str_to(buf_str(&text), n), &e), -1);
		release(&b);
	}
	release(&a);
	buf_free(&text);
}

/* A transaction under rules: its variables go along, and end with it. */
static void rules(void **state)
{
	struct session a, b;
	struct buf text = BUF_INIT;

	(void)state;
	env_put("AT_KEPT", "own");
	env_put("AT_GONE", "own");
	fill(&a);
	a.before = env_save();
	env_put("AT_KEPT", "rule");
	env_put("AT_NEW", "rule");
	env_unset("AT_GONE");
	aside_write(&a, &text);
	envrules_undo(&a);
	assert_null(a.before);
	assert_string_equal(conf_getenv("AT_KEPT"), "own");
	empty(&b);
	assert_int_equal(aside_read(&b, buf_str(&text), &e), 0);
	assert_non_null(b.before);
	assert_string_equal(conf_getenv("AT_KEPT"), "rule");
	assert_string_equal(conf_getenv("AT_NEW"), "rule");
	assert_null(conf_getenv("AT_GONE"));
	envrules_undo(&b);
	assert_string_equal(conf_getenv("AT_KEPT"), "own");
	assert_string_equal(conf_getenv("AT_GONE"), "own");
	assert_null(conf_getenv("AT_NEW"));
	release(&a);
	release(&b);
	buf_free(&text);
}

static void when(void **state)
{
	char space[16];
	struct in in;
	struct out out = {.fd = -1};
	struct session s;

	(void)state;
	fill(&s);
	in_init(&in, -1, space, sizeof space);
	s.in = &in;
	s.reply.out = &out;
	assert_false(aside_possible(&s));
	s.between = true;
	assert_true(aside_possible(&s));
	buf_adds(&s.line, "NO");
	assert_false(aside_possible(&s));
	buf_free(&s.line);
	s.tls = (struct tls *)&s;
	assert_false(aside_possible(&s));
	s.tls = NULL;
	in.len = 1;
	assert_false(aside_possible(&s));
	in.len = 0;
	out.failed = 1;
	assert_false(aside_possible(&s));
	release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(damaged),
		cmocka_unit_test(rules), cmocka_unit_test(when)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
