/* hooks - the functions of queue/client.h for engines that know no queue: ctx is the client. */
#ifndef QUEUE_HOOKS_H
#define QUEUE_HOOKS_H

#include "core/base/err.h"
#include "core/base/str.h"

int hook_open(void *ctx, struct err *e);
void hook_put(void *ctx, const char *p, size_t n);
void hook_from(void *ctx, struct str sender);
void hook_to(void *ctx, struct str rcpt);
void hook_params(void *ctx, struct str text);
void hook_fail(void *ctx);
const char *hook_close(void *ctx);
unsigned long hook_qp(void *ctx);

#endif
