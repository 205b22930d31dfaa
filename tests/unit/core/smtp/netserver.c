/* The servers of QMTP and QMQP: the stream cut at every place, what the queue gets, what is answered, time limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/num.h"
#include "core/smtp/netserver.h"
#include "core/sys/clock.h"

/* A queue that writes down what is asked of it. */
struct log {
	struct buf b;
	const char *verdict;
	bool failed, busy;
};

static int q_open(void *ctx, struct err *e)
{
	struct log *l = ctx;

	if (l->busy)
		return err_temp(e, 0, "unable to open it");
	buf_adds(&l->b, "(");
	l->failed = false;
	return 0;
}

static void q_put(void *ctx, const char *p, size_t n)
{
	struct log *l = ctx;

	buf_put(&l->b, p, n);
}

static void q_from(void *ctx, struct str s)
{
	struct log *l = ctx;

	buf_fmt(&l->b, " F%.*s", STR_FMT(s));
}

static void q_to(void *ctx, struct str s)
{
	struct log *l = ctx;

	buf_fmt(&l->b, " T%.*s", STR_FMT(s));
}

static void q_fail(void *ctx)
{
	struct log *l = ctx;

	l->failed = true;
}

static const char *q_close(void *ctx)
{
	struct log *l = ctx;

	buf_adds(&l->b, l->failed ? "!)" : ")");
	return l->failed ? "Zfailed" : l->verdict ? l->verdict : "";
}

static unsigned long q_qp(void *ctx)
{
	(void)ctx;
	return 7;
}

/* Input in pieces of a given size. */
struct pieces {
	struct str rest;
	size_t size;
};

static ssize_t next_piece(struct in *in, char *p, size_t n)
{
	struct pieces *s = in->ctx;

	if (n > s->size)
		n = s->size;
	if (n > s->rest.n)
		n = s->rest.n;
	memcpy(p, s->rest.p, n);
	s->rest = str_from(s->rest, n);
	return (ssize_t)n;
}

typedef int engine(struct netserver *s, struct in *in, struct out *out);

static struct netserver server(struct log *l)
{
	struct netserver s = {.queue = {l, q_open, q_put, q_from, q_to, q_fail, q_close, q_qp},
		.caller = {"192.0.2.1", "unknown", NULL, "here"}, .patience_ms = -1, .hosts.list = TABLE_INIT};

	return s;
}

/* Without the Received line, whose length is that of the time. */
static void without_trace(struct buf *b)
{
	struct buf r = BUF_INIT;
	struct str s = buf_str(b);

	while (s.n) {
		size_t at = str_find(s, STR("Received: "));

		buf_add(&r, str_to(s, at));
		s = str_from(s, at);
		s = str_from(s, str_chr(s, '\n') + 1);
		s = s.n ? str_from(s, str_chr(s, '\n') + 1) : s;
	}
	buf_set(b, buf_str(&r));
	buf_free(&r);
}

/* Every "ok TIME qp 7" is "ok", its length left out. */
static void without_time(struct buf *b)
{
	struct buf r = BUF_INIT;
	struct str s = buf_str(b);

	while (s.n) {
		uint64_t n = 0;
		size_t used = num_scan(s, &n);

		assert_true(used && n + used + 1 < s.n && s.p[used] == ':' && s.p[used + 1 + n] == ',');
		struct str one = str_to(str_from(s, used + 1), n);

		s = str_from(s, used + n + 2);
		buf_add(&r, str_starts(one, STR("Kok ")) && str_ends(one, STR(" qp 7")) ? STR("ok") : one);
		buf_addc(&r, ',');
	}
	buf_set(b, buf_str(&r));
	buf_free(&r);
}

static void run(engine *e, struct netserver base, struct str wire, int code, const char *queue, const char *answers)
{
	for (size_t size = 1; size <= wire.n + 1; size++) {
		struct log *l = base.queue.ctx;
		struct pieces src = {wire, size};
		struct netserver s = base;
		struct buf said = BUF_INIT;
		char space[64];
		struct in in;
		struct out out;

		buf_clear(&l->b);
		in_init(&in, -1, space, sizeof space);
		in.op = next_piece;
		in.ctx = &src;
		out_init_mem(&out, &said);
		assert_int_equal(e(&s, &in, &out), code);
		without_trace(&l->b);
		without_time(&said);
		assert_string_equal(l->b.p, queue);
		assert_string_equal(said.p, answers);
		buf_free(&said);
	}
}

static void test_qmqp(void **state)
{
	struct log l = {.b = BUF_INIT};
	struct netserver s = server(&l);

	(void)state;
	run(qmqpd_run, s, STR("17:2:x\n,3:a@b,3:c@d,,"), 0, "(x\n Fa@b Tc@d)", "ok,");
	run(qmqpd_run, s, STR("11:2:x\n,3:a@b,,"), 0, "(x\n Fa@b)", "ok,");
	run(qmqpd_run, s, STR("17:2:x\n,3:a\0b,3:c@d,,"), 0, "(x\n!)", "Dsorry, I can't accept addresses like that (#5.1.3),");
	run(qmqpd_run, s, STR("17:2:x\n,3:a@b,3:c@d,;"), 100, "(x\n Fa@b Tc@d!)", "");
	run(qmqpd_run, s, STR("17:2:x\n,3:a@b,3:c@d,"), 0, "(x\n Fa@b Tc@d!)", "");
	run(qmqpd_run, s, STR("17:2:x\n,3:a@b,4:c@d,,"), 100, "(x\n Fa@b!)", "");
	run(qmqpd_run, s, STR("4:9:x\n"), 100, "(!)", "");
	run(qmqpd_run, s, STR("17:2:"), 0, "(!)", "");
	run(qmqpd_run, s, STR("-1:"), 100, "", "");
	l.verdict = "Dno";
	run(qmqpd_run, s, STR("17:2:x\n,3:a@b,3:c@d,,"), 0, "(x\n Fa@b Tc@d)", "Dno,");
	l.busy = true;
	run(qmqpd_run, s, STR("17:2:x\n,3:a@b,3:c@d,,"), 111, "", "");
	buf_free(&l.b);
}

static void test_qmtp(void **state)
{
	struct log l = {.b = BUF_INIT};
	struct netserver s = server(&l);

	(void)state;
	run(qmtpd_run, s, STR("3:\nx\n,3:a@b,6:3:c@d,,"), 0, "(x\n Fa@b Tc@d)", "ok,");
	run(qmtpd_run, s, STR("8:\rx\r\n\r\r\n\r,3:a@b,6:3:c@d,,"), 0, "(x\n\r\n\r Fa@b Tc@d)", "ok,");
	run(qmtpd_run, s, STR("2:\nx,0:,6:3:c@d,,2:\ny,0:,8:1:e,1:f,;"), 100, "(x F Tc@d)(y F Te Tf!)", "ok,");
	run(qmtpd_run, s, STR("2:\nx,0:,0:,"), 0, "(x F!)", "");
	run(qmtpd_run, s, STR("2:\nx,0:,6:3:c@d,"), 0, "(x F Tc@d!)", "");
	run(qmtpd_run, s, STR("0:,0:,6:3:c@d,,"), 100, "", "");
	run(qmtpd_run, s, STR("1:x,0:,6:3:c@d,,"), 100, "", "");
	s.databytes = 2;
	run(qmtpd_run, s, STR("4:\r1\r\n,0:,4:1:a,,"), 0, "(1\n F Ta)", "ok,");
	s.databytes = 1;
	s.hosts.list.present = true;
	l.verdict = "Znow";
	run(qmtpd_run, s, STR("2:\n1,0:,10:1:a,3:c@d,,"), 0, "(1 F Ta)",
		"Znow,Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1),");
	s.relay = true;
	s.suffix = STR("@x");
	run(qmtpd_run, s, STR("2:\n1,0:,6:3:c@d,,"), 0, "(1 F Tc@d@x)", "Znow,");
	l.busy = true;
	run(qmtpd_run, s, STR("2:\n1,0:,6:3:c@d,,"), 111, "", "");
	buf_free(&l.b);
}

/* Says a little, then nothing for as long as it is waited for. */
static ssize_t slow(struct in *in, char *p, size_t n)
{
	struct pieces *s = in->ctx;

	if (s->rest.n)
		return next_piece(in, p, n);
	assert_true(in->wait >= 0 && in->wait < 1000);
	clock_sleep_ms(in->wait);
	errno = ETIMEDOUT;
	return -1;
}

static void test_time(void **state)
{
	struct log l = {.b = BUF_INIT};
	struct netserver s = server(&l);
	struct pieces src = {STR("17:2:x\n"), 1};
	struct buf said = BUF_INIT;
	char space[64];
	struct in in;
	struct out out;

	(void)state;
	s.patience_ms = 50;
	in_init(&in, -1, space, sizeof space);
	in.op = slow;
	in.ctx = &src;
	out_init_mem(&out, &said);
	assert_int_equal(qmqpd_run(&s, &in, &out), 111);
	assert_int_equal(said.n, 0);
	assert_true(str_ends(buf_str(&l.b), STR("!)")));
	buf_free(&said);
	buf_free(&l.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_qmqp),
		cmocka_unit_test(test_qmtp),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
