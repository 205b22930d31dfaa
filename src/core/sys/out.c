/* out - buffered output; see out.h. */
#include "core/sys/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/sys/fd.h"

/* A socket nearly always takes what it is given at once; only when it does not is there a wait. */
static ssize_t to_fd(struct out *out, const char *p, size_t n)
{
	if (out->timeout >= 0) {
		ssize_t now = fd_write_now(out->fd, p, n);

		if (now >= 0 || (errno != EAGAIN && errno != ENOTSOCK))
			return now;
		int r = fd_wait(out->fd, POLLOUT, out->timeout);

		if (r <= 0) {
			if (r == 0)
				errno = ETIMEDOUT;
			return -1;
		}
	}
	return fd_write(out->fd, p, n);
}

void out_init(struct out *out, int fd, char *buf, size_t size)
{
	*out = (struct out){.op = to_fd, .fd = fd, .timeout = -1, .buf = buf, .size = size};
}

static ssize_t to_mem(struct out *out, const char *p, size_t n)
{
	buf_put(out->ctx, p, n);
	return (ssize_t)n;
}

void out_init_mem(struct out *out, struct buf *b)
{
	*out = (struct out){.op = to_mem, .ctx = b, .fd = -1, .timeout = -1};
}

static int send_all(struct out *out, const char *p, size_t n)
{
	while (n) {
		ssize_t r = out->op(out, p, n);

		if (r < 0 && errno == EAGAIN && fd_wait(out->fd, POLLOUT, out->timeout) > 0)
			continue;
		if (r < 0) {
			out->failed = errno;
			return -1;
		}
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

int out_flush(struct out *out)
{
	size_t n = out->n;

	if (out->failed) {
		errno = out->failed;
		return -1;
	}
	out->n = 0;
	return send_all(out, out->buf, n);
}

int out_put(struct out *out, const void *p, size_t n)
{
	if (n == 0)
		return out->failed ? -1 : 0;
	if (out->n + n > out->size && out_flush(out) < 0)
		return -1;
	if (out->failed) {
		errno = out->failed;
		return -1;
	}
	if (n >= out->size)
		return send_all(out, p, n);
	memcpy(out->buf + out->n, p, n);
	out->n += n;
	return 0;
}

int out_add(struct out *out, struct str s)
{
	return out_put(out, s.p, s.n);
}

int out_adds(struct out *out, const char *z)
{
	return out_put(out, z, strlen(z));
}

int out_addc(struct out *out, char c)
{
	return out_put(out, &c, 1);
}

int out_fmt(struct out *out, const char *fmt, ...)
{
	char small[512];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(small, sizeof small, fmt, ap);

	va_end(ap);
	if (n < 0)
		return -1;
	if ((size_t)n < sizeof small)
		return out_put(out, small, (size_t)n);
	struct buf b = BUF_INIT;

	buf_grow(&b, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(b.p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	int r = out_put(out, b.p, (size_t)n);

	buf_free(&b);
	return r;
}
