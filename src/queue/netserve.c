/* netserve - the servers of QMTP and QMQP meet the queue; see netserve.h. */
#include "queue/netserve.h"

#include "core/conf/conf.h"
#include "queue/client.h"

static int queue_open(void *ctx, struct err *e)
{
	return client_open(ctx, e);
}

static void queue_put(void *ctx, struct str piece)
{
	client_put(ctx, piece.p, piece.n);
}

static void queue_from(void *ctx, struct str sender)
{
	client_from(ctx, sender);
}

static void queue_to(void *ctx, struct str rcpt)
{
	client_to(ctx, rcpt);
}

static void queue_fail(void *ctx)
{
	client_fail(ctx);
}

static const char *queue_close(void *ctx)
{
	return client_close(ctx);
}

static unsigned long queue_qp(void *ctx)
{
	return client_qp(ctx);
}

int netserve(struct netserver *s, int (*run)(struct netserver *s, struct in *in, struct out *out))
{
	char in_space[32768], out_space[4096];
	struct in in;
	struct out out;

	caller_read(&s->caller);
	s->hide_host = conf_set(CONF_HIDE_HOST);
	s->patience_ms = NETSERVER_MS;
	s->queue = (struct netserver_queue){.ctx = client_new(), .open = queue_open, .put = queue_put,
		.from = queue_from, .to = queue_to, .fail = queue_fail, .close = queue_close, .qp = queue_qp};
	in_init(&in, 0, in_space, sizeof in_space);
	out_init(&out, 1, out_space, sizeof out_space);
	int code = run(s, &in, &out);

	client_free(s->queue.ctx);
	return code;
}
