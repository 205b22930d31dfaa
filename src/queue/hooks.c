/* hooks - the queue's client as protocol engines call it; see hooks.h. */
#include "queue/hooks.h"

#include "queue/client.h"

int hook_open(void *ctx, struct err *e)
{
	return client_open(ctx, e);
}

void hook_put(void *ctx, const char *p, size_t n)
{
	client_put(ctx, p, n);
}

void hook_from(void *ctx, struct str sender)
{
	client_from(ctx, sender);
}

void hook_to(void *ctx, struct str rcpt)
{
	client_to(ctx, rcpt);
}

void hook_params(void *ctx, struct str text)
{
	client_params(ctx, text);
}

void hook_fail(void *ctx)
{
	client_fail(ctx);
}

const char *hook_close(void *ctx)
{
	return client_close(ctx);
}

unsigned long hook_qp(void *ctx)
{
	return client_qp(ctx);
}
