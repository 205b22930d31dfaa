/* fuzz_netserver - a whole client stream through the servers of QMTP and QMQP with a queue that takes everything, or a server's
 * answer through the QMQP client.  The first byte chooses which, and the settings.  Checks on the way: the queue is used in order,
 * gets no NUL in an address and nothing after it was told to fail, and what is said is netstrings that begin with K, Z or D. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/num.h"
#include "core/smtp/netserver.h"
#include "core/smtp/qmqp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum { CLOSED, BODY, ENVELOPE, FAILED } state;

static void must(bool b)
{
	if (!b)
		abort();
}

static int open_message(void *ctx, struct err *e)
{
	(void)ctx;
	(void)e;
	must(state == CLOSED);
	state = BODY;
	return 0;
}

static void put_bytes(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	must(state == BODY);
}

static void address(struct str s)
{
	must(str_chr(s, 0) == s.n && s.n < NETSERVER_ADDR);
}

static void from(void *ctx, struct str s)
{
	(void)ctx;
	must(state == BODY);
	address(s);
	state = ENVELOPE;
}

static void to(void *ctx, struct str s)
{
	(void)ctx;
	must(state == ENVELOPE);
	address(s);
}

static void fail(void *ctx)
{
	(void)ctx;
	must(state == BODY || state == ENVELOPE);
	state = FAILED;
}

static const char *verdict(void *ctx)
{
	(void)ctx;
	must(state == FAILED || state == ENVELOPE);
	bool failed = state == FAILED;

	state = CLOSED;
	return failed ? "Zfailed (#4.3.0)" : "";
}

static unsigned long qp(void *ctx)
{
	(void)ctx;
	return 1;
}

static void check_answers(struct str s)
{
	while (s.n) {
		uint64_t n;
		size_t used = num_scan(s, &n);

		must(used && used < s.n && s.p[used] == ':');
		s = str_from(s, used + 1);
		must(n > 0 && n < s.n && s.p[n] == ',' && strchr("KZD", s.p[0]));
		s = str_from(s, (size_t)n + 1);
	}
}

static void serve(uint8_t how, struct str stream)
{
	struct netserver s = {.queue = {NULL, open_message, put_bytes, from, to, fail, verdict, qp},
		.caller = {"192.0.2.1", "unknown", NULL, NULL}, .hide_host = how & 4, .patience_ms = -1,
		.databytes = how & 8 ? 10 : 0, .relay = how & 16, .suffix = how & 32 ? STR("@x") : STR(""),
		.hosts.list = TABLE_INIT};
	struct buf answers = BUF_INIT;
	struct in in;
	struct out out;

	s.hosts.list.present = true;
	in_init_mem(&in, stream);
	out_init_mem(&out, &answers);
	int code = how & 2 ? qmqpd_run(&s, &in, &out) : qmtpd_run(&s, &in, &out);

	must(state == CLOSED && (code == 0 || code == 100 || code == 111));
	check_answers(buf_str(&answers));
	buf_free(&answers);
}

static void ask(struct str answer)
{
	struct buf said = BUF_INIT, text = BUF_INIT;
	struct in in, body;
	struct out out;

	in_init_mem(&in, answer);
	in_init_mem(&body, STR("x\n"));
	out_init_mem(&out, &said);
	int r = qmqp_send(&in, &out, &(struct qmqp_mail){&body, 2, STR("0:,3:a@b,")}, &text);

	must(r == -1 || (text.n && r == text.p[0]));
	must(str_eq(buf_str(&said), STR("14:2:x\n,0:,3:a@b,,")));
	buf_free(&said);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_make((const char *)data + (size > 0), size - (size > 0));

	if (size && data[0] & 1)
		ask(s);
	else
		serve(size ? data[0] : 0, s);
	return 0;
}
