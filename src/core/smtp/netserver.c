/* netserver - what the servers of QMTP and QMQP have in common; see netserver.h. */
#include "core/smtp/netserver.h"

#include <stdio.h>

#include "core/mail/received.h"
#include "core/sys/clock.h"
#include "core/sys/proc.h"

static void before_wait(void *server)
{
	netserver_flush(server);
}

void netserver_start(struct netserver *s, struct in *in, struct out *out)
{
	netstr_init(&s->r, in, s->patience_ms);
	s->out = out;
	s->err = (struct err){0};
	in->before_wait = before_wait;
	in->wait_arg = s;
}

static void put_received(struct netserver *s, const char *program, const char *protocol)
{
	const struct caller *c = &s->caller;
	struct received r = {.program = program, .pid = proc_pid(), .host = c->host, .info = c->info, .ip = c->ip,
		.local = c->local ? c->local : "unknown", .protocol = protocol, .when = clock_now()};
	struct buf line = BUF_INIT;

	if (s->hide_host)
		r.host = r.ip = r.info = NULL;
	received_add(&line, &r);
	s->queue.put(s->queue.ctx, line.p, line.n);
	buf_free(&line);
}

bool netserver_open(struct netserver *s, const char *program, const char *protocol)
{
	if (s->queue.open(s->queue.ctx, &s->err) < 0)
		return netstr_fail(&s->r, NETSTR_TROUBLE);
	s->open = true;
	s->doomed = false;
	put_received(s, program, protocol);
	return true;
}

void netserver_put(void *server, struct str piece)
{
	struct netserver *s = server;

	if (!s->doomed)
		s->queue.put(s->queue.ctx, piece.p, piece.n);
}

void netserver_doom(struct netserver *s)
{
	if (s->open && !s->doomed)
		s->queue.fail(s->queue.ctx);
	s->doomed = true;
}

const char *netserver_close(struct netserver *s)
{
	bool was = s->open;

	s->open = false;
	return was ? s->queue.close(s->queue.ctx) : "";
}

void netserver_answer(struct netserver *s, struct str text)
{
	char ok[64];

	if (!text.n) {
		snprintf(ok, sizeof ok, "Kok %lld qp %lu", (long long)clock_now(), s->queue.qp(s->queue.ctx));
		text = str_z(ok);
	}
	out_fmt(s->out, "%zu:%.*s,", text.n, STR_FMT(text));
}

bool netserver_flush(struct netserver *s)
{
	s->out->timeout = netstr_patience(&s->r);
	return out_flush(s->out) == 0 || netstr_fail(&s->r, NETSTR_CLOSED);
}
