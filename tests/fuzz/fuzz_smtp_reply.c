/* fuzz_smtp_reply - whatever a server says, through the SMTP client: greeting, EHLO, one transaction.
 * The first byte chooses QMTP instead.  Checks on the way: texts hold no NUL or CR before a newline and stay
 * bounded, each recipient is told about at most once and in order. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/smtp/client.h"
#include "core/smtp/qmtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 32768 };

static ssize_t swallow(struct out *out, const char *p, size_t n)
{
	(void)out;
	(void)p;
	return (ssize_t)n;
}

/* The server's bytes arrive in pieces. */
static ssize_t pieces(struct in *in, char *p, size_t n)
{
	struct str *left = in->ctx;
	struct str s = str_to(*left, n < 7 ? n : 7);

	memcpy(p, s.p, s.n);
	*left = str_from(*left, s.n);
	return (ssize_t)s.n;
}

static void check(struct str text)
{
	if (text.n > TEXT_MAX || str_chr(text, 0) < text.n || str_find(text, STR("\r\n")) < text.n)
		abort();
}

static size_t told;

static void smtp_rcpt(size_t i, int code, struct str text, void *arg)
{
	(void)arg;
	if (i != told++ || code < 100 || code > 599)
		abort();
	check(text);
}

static void qmtp_rcpt(size_t i, char letter, struct str text, void *arg)
{
	(void)arg;
	if (i != told++ || !strchr("KZD", letter) || str_chr(text, 0) < text.n || text.n > TEXT_MAX)
		abort();
}

static const struct str rcpts[] = {{"a@x", 3}, {"b c@x", 5}, {"d@x", 3}};

static void smtp(struct str server, struct in *body)
{
	static struct smtpc c;

	smtpc_init(&c, -1, 1000);
	c.in.op = pieces;
	c.in.ctx = &server;
	c.out.op = swallow;
	if (smtpc_reply(&c) > 0 && smtpc_hello(&c, STR("me.test")) == 250) {
		check(buf_str(&c.text));
		smtpc_send(&c, &(struct smtpc_mail){.sender = STR("s@x"), .rcpts = rcpts, .n = 3, .size = 10, .eightbit = true,
			.utf8 = true, .head = STR("X: 1\n"), .body = body, .rcpt = smtp_rcpt});
		check(buf_str(&c.text));
	}
	smtpc_free(&c);
}

static void qmtp(struct str server, struct in *body, uint64_t size)
{
	char in_space[64], out_space[64];
	struct in in;
	struct out out;

	in_init(&in, -1, in_space, sizeof in_space);
	in.op = pieces;
	in.ctx = &server;
	out_init(&out, -1, out_space, sizeof out_space);
	out.op = swallow;
	qmtp_send(&in, &out, &(struct qmtp_mail){.sender = STR("s@x"), .rcpts = rcpts, .n = 3, .body = body,
		.size = size, .rcpt = qmtp_rcpt});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] = "Subject: x\n\n.\n..\r\nend\n";
	struct str server = {(const char *)data + 1, size ? size - 1 : 0};
	struct in body;

	told = 0;
	in_init_mem(&body, str_z(text));
	if (size && data[0] == 'Q')
		qmtp(server, &body, sizeof text - 1);
	else if (size)
		smtp(server, &body);
	return 0;
}
