/* out - buffered output to a descriptor, or to anything with a write function.
 * Errors stick: after the first one every call returns -1 and errno stays what it was then. */
#ifndef CORE_SYS_OUT_H
#define CORE_SYS_OUT_H

#include <sys/types.h>

#include "core/base/buf.h"

struct out {
	/* writes at most n bytes: count or -1 errno (ETIMEDOUT after the timeout) */
	ssize_t (*op)(struct out *out, const char *p, size_t n);
	void *ctx;
	int fd;
	int timeout;	/* milliseconds per write, -1 none */
	char *buf;
	size_t size, n;
	int failed;	/* errno of the first failure */
};

void out_init(struct out *out, int fd, char *buf, size_t size);
/* Output that grows b, for tests. */
void out_init_mem(struct out *out, struct buf *b);
int out_put(struct out *out, const void *p, size_t n);
int out_add(struct out *out, struct str s);
int out_adds(struct out *out, const char *z);
int out_addc(struct out *out, char c);
int out_fmt(struct out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int out_flush(struct out *out);

#endif
