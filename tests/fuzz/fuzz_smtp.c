/* fuzz_smtp - a whole client stream through the SMTP server engine, with a queue that takes everything.
 * The first byte chooses the settings.  Checks on the way: what reaches the queue holds no CR, and every
 * reply line ends in CR LF. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/smtp/dsn.h"
#include "core/smtp/session.h"
#include "core/sys/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int open_message(void *ctx, struct err *e)
{
	(void)ctx;
	(void)e;
	return 0;
}

static void put_bytes(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	if (memchr(p, '\r', n))
		abort();
}

static void take(void *ctx, struct str s)
{
	(void)ctx;
	if (str_chr(s, 0) < s.n || str_chr(s, '\n') < s.n)
		abort();
}

/* Whatever a client wrote: the queue takes it again. */
static void take_params(void *ctx, struct str s)
{
	struct dsn d;

	take(ctx, s);
	if (!s.n || s.n > 600 || (!dsn_read(&d, 'x', s) && !dsn_read(&d, 'y', s)))
		abort();
}

static void fail(void *ctx)
{
	(void)ctx;
}

static const char *verdict(void *ctx)
{
	(void)ctx;
	return "";
}

static unsigned long qp(void *ctx)
{
	(void)ctx;
	return 1;
}

static void to_log(void *ctx, const char *text)
{
	(void)ctx;
	if (strchr(text, '\n'))
		abort();
}

static void no_pause(void *ctx, unsigned seconds)
{
	(void)ctx;
	(void)seconds;
}

static bool own_ip(void *ctx, struct str ip)
{
	(void)ctx;
	return str_eq(ip, STR("127.0.0.1"));
}

static time_t now(void *ctx)
{
	(void)ctx;
	return 1000000000;
}

static void no_idle(void *ctx)
{
	(void)ctx;
}

static bool offer(void *ctx)
{
	(void)ctx;
	return true;
}

static int prepare(void *ctx, struct err *e)
{
	(void)ctx;
	(void)e;
	return 0;
}

static int no_start(void *ctx, struct tls_facts *f, struct tls **t, struct err *e)
{
	(void)ctx;
	(void)f;
	(void)t;
	return err_temp(e, 0, "connection failed: nobody there");
}

static void check_replies(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if ((b->p[i] == '\n') != (i > 0 && b->p[i - 1] == '\r'))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct smtp_hooks hooks = {NULL, open_message, put_bytes, take, take, take_params, fail, verdict, qp, to_log,
		no_idle, no_pause, own_ip, now, offer, prepare, no_start, 1};
	uint8_t how = size ? data[0] : 0;
	struct smtp_config c = {.greeting = LIST_INIT, .ip = "192.0.2.1", .host = "unknown", .local = "here",
		.localiphost = BUF_INIT, .relay_suffix = BUF_INIT, .port = 25, .maxhops = 3, .relay = how & 1, .dsn = !(how & 16),
		.allow_lf = how & 2, .utf8 = how & 4, .enhanced = how & 8, .databytes = how & 16 ? 40 : 0,
		.maxcmdlen = how & 32 ? 60 : 0, .maxrecipients = how & 64 ? 2 : 0, .starttls = how & 128, .force_tls = (how & 192) == 192,
		.hosts.list = TABLE_INIT, .badmailfrom = MATCH_INIT};
	struct buf replies = BUF_INIT;
	struct in in;
	struct out out;

	env_put("CONTROLDIR", "/nonexistent");
	c.badmailfrom.file = "/nonexistent/badmailfrom";
	buf_adds(&c.localiphost, "here.example");
	vec_push(&c.greeting.lines, STR("here.example"));
	in_init_mem(&in, str_make((const char *)data + (size > 0), size - (size > 0)));
	out_init_mem(&out, &replies);
	session_run(&c, &hooks, &in, &out, NULL);
	check_replies(&replies);
	buf_free(&replies);
	smtp_config_free(&c);
	return 0;
}
