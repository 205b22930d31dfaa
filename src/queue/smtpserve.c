/* smtpserve - the SMTP servers meet the queue; see smtpserve.h. */
#include "queue/smtpserve.h"

#include "core/net/ip.h"
#include "core/sys/clock.h"
#include "core/sys/proc.h"
#include "queue/client.h"

static int queue_open(void *ctx, struct err *e)
{
	return client_open(ctx, e);
}

static void queue_put(void *ctx, const char *p, size_t n)
{
	client_put(ctx, p, n);
}

static void queue_from(void *ctx, struct str sender)
{
	client_from(ctx, sender);
}

static void queue_to(void *ctx, struct str rcpt)
{
	client_to(ctx, rcpt);
}

static void queue_params(void *ctx, struct str text)
{
	client_params(ctx, text);
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

static void rest(void *ctx, unsigned seconds)
{
	(void)ctx;
	clock_sleep_ms((long)seconds * 1000);
}

static bool own_ip(void *ctx, struct str ip)
{
	(void)ctx;
	return ip_own(ip);
}

static time_t now(void *ctx)
{
	(void)ctx;
	return clock_now();
}

void smtpserve(struct smtp_hooks *h)
{
	h->ctx = client_new();
	h->open = queue_open;
	h->put = queue_put;
	h->from = queue_from;
	h->to = queue_to;
	h->params = queue_params;
	h->fail = queue_fail;
	h->close = queue_close;
	h->qp = queue_qp;
	h->pause = rest;
	h->own_ip = own_ip;
	h->now = now;
	h->pid = proc_pid();
}
