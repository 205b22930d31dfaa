/* smtpserve - the SMTP servers meet the queue; see smtpserve.h. */
#include "queue/smtpserve.h"

#include "core/net/ip.h"
#include "core/sys/clock.h"
#include "core/sys/proc.h"
#include "queue/client.h"
#include "queue/hooks.h"

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
	h->open = hook_open;
	h->put = hook_put;
	h->from = hook_from;
	h->to = hook_to;
	h->params = hook_params;
	h->fail = hook_fail;
	h->close = hook_close;
	h->qp = hook_qp;
	h->pause = rest;
	h->own_ip = own_ip;
	h->now = now;
	h->pid = proc_pid();
}
