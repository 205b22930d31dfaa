/* in - buffered input; see in.h. */
#include "core/sys/in.h"

#include <errno.h>
#include <string.h>

#include "core/sys/clock.h"
#include "core/sys/fd.h"

enum { IDLE_MS = 1000 };

/* The wait of a socket that nobody else reads is its own: one call instead of two.  False: it has to be waited for. */
static bool read_timed(struct in *in, char *p, size_t n, ssize_t *r)
{
	if (!in->idle || in->untimed || in->wait <= 0)
		return false;
	if (in->timed != in->wait && fd_timeout(in->fd, in->wait) < 0) {
		in->untimed = true;
		return false;
	}
	in->timed = in->wait;
	long long begun = clock_mono_ms();

	*r = fd_read(in->fd, p, n);
	if (*r >= 0 || errno != EAGAIN)
		return true;
	/* at once: somebody has made it a descriptor that never waits */
	in->untimed = clock_mono_ms() - begun < in->wait / 2;
	errno = ETIMEDOUT;
	return !in->untimed;
}

static ssize_t from_fd(struct in *in, char *p, size_t n)
{
	ssize_t got;

	if (read_timed(in, p, n, &got))
		return got;
	if (in->wait >= 0) {
		int r = fd_wait(in->fd, POLLIN, in->wait);

		if (r <= 0) {
			if (r == 0)
				errno = ETIMEDOUT;
			return -1;
		}
	}
	return fd_read(in->fd, p, n);
}

/* Wait a moment; who waits longer is idle. */
static ssize_t wait_long(struct in *in)
{
	ssize_t r;

	in->wait = IDLE_MS;
	r = in->op(in, in->buf, in->size);
	if (r >= 0 || errno != ETIMEDOUT)
		return r;
	if (in->idle(in->idle_arg)) {
		errno = ECANCELED;
		return -1;
	}
	in->wait = in->timeout < 0 ? -1 : in->timeout - IDLE_MS;
	return in->op(in, in->buf, in->size);
}

void in_init(struct in *in, int fd, char *buf, size_t size)
{
	*in = (struct in){.op = from_fd, .fd = fd, .timeout = -1, .buf = buf, .size = size};
}

static ssize_t ended(struct in *in, char *p, size_t n)
{
	(void)in;
	(void)p;
	(void)n;
	return 0;
}

void in_init_mem(struct in *in, struct str s)
{
	*in = (struct in){.op = ended, .fd = -1, .timeout = -1, .buf = (char *)(size_t)s.p,
		.size = s.n, .len = s.n};
}

int in_fill(struct in *in)
{
	if (in->pos < in->len)
		return 1;
	if (in->before_wait)
		in->before_wait(in->wait_arg);
	in->wait = in->timeout;
	ssize_t r = in->idle && (in->timeout < 0 || in->timeout > IDLE_MS) ? wait_long(in) : in->op(in, in->buf, in->size);

	if (r <= 0)
		return (int)r;
	in->pos = 0;
	in->len = (size_t)r;
	return 1;
}

struct str in_peek(const struct in *in)
{
	return (struct str){in->buf + in->pos, in->len - in->pos};
}

void in_skip(struct in *in, size_t n)
{
	in->pos += n;
}

void in_anew(struct in *in)
{
	in->pos = in->len = 0;
	in->timed = 0;
	in->untimed = false;
}

int in_byte(struct in *in, char *c)
{
	int r = in_fill(in);

	if (r == 1)
		*c = in->buf[in->pos++];
	return r;
}

int in_line(struct in *in, struct buf *line, char sep, size_t max)
{
	size_t start = line->n;

	for (;;) {
		int r = in_fill(in);

		if (r <= 0)
			return r;
		struct str s = in_peek(in);
		size_t i = str_chr(s, sep);
		size_t take = i < s.n ? i + 1 : s.n;

		if (line->n - start + take > max) {
			errno = EMSGSIZE;
			return -1;
		}
		buf_put(line, s.p, take);
		in_skip(in, take);
		if (i < s.n)
			return 1;
	}
}
