/* relay - lanes of bytes; see relay.h. */
#include "core/sys/relay.h"

#include <errno.h>
#include <limits.h>

#include "core/sys/fd.h"
#include "core/sys/file.h"

enum { BLOCK = 32768, LANES = 4 };

/* How much may be written once poll has said that there is room. */
enum kind {
	PIPE,		/* PIPE_BUF bytes: more could wait */
	SOCKET,		/* the kernel says */
	FREE,		/* never waits, or its own descriptor that does not block */
};

static int kind_of(int fd)
{
	struct stat st;

	if (file_fstat(fd, &st) < 0)
		return PIPE;
	if (S_ISSOCK(st.st_mode))
		return SOCKET;
	return S_ISREG(st.st_mode) || fd_nonblocking(fd) ? FREE : PIPE;
}

static void finish(struct relay_lane *l)
{
	l->done = true;
	if (l->tell)
		fd_end(l->to);
	if (!l->shared) {
		fd_close(l->from);
		fd_close(l->to);
		l->from = l->to = -1;
	}
	buf_free(&l->held);
}

/* Whatever goes out now goes: 0, or -1. */
static int push(struct relay_lane *l)
{
	while (l->sent < l->held.n) {
		const char *p = l->held.p + l->sent;
		size_t n = l->held.n - l->sent;
		ssize_t put;

		if (l->kind == SOCKET)
			put = fd_write_now(l->to, p, n);
		else
			put = fd_write(l->to, p, l->kind == PIPE && n > PIPE_BUF ? PIPE_BUF : n);
		if (put < 0 && errno == EAGAIN)
			return 0;
		if (put < 0 && (errno == EPIPE || errno == ECONNRESET)) {
			finish(l);	/* nobody listens: not our failure */
			return 0;
		}
		if (put < 0)
			return -1;
		l->sent += (size_t)put;
		if (l->kind == PIPE)
			break;
	}
	if (l->sent == l->held.n) {
		buf_clear(&l->held);
		l->sent = 0;
		if (l->ended)
			finish(l);
	}
	return 0;
}

static int pull(struct relay_lane *l)
{
	char block[BLOCK];
	ssize_t got = fd_read(l->from, block, sizeof block);

	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got < 0 && errno != ECONNRESET)
		return -1;
	l->ended = got <= 0;
	if (l->change)
		l->change(l->arg, str_make(block, got > 0 ? (size_t)got : 0), l->ended, &l->held);
	else if (got > 0)
		buf_put(&l->held, block, (size_t)got);
	if (!l->held.n && l->ended)
		finish(l);
	/* a pipe is asked first whether there is room */
	return l->done || l->kind == PIPE ? 0 : push(l);
}

/* Readers that are gone are noticed even when there is nothing for them. */
static void ask(const struct relay_lane *l, struct pollfd p[2])
{
	bool waiting = l->sent < l->held.n;

	p[0] = (struct pollfd){l->done || waiting ? -1 : l->from, POLLIN, 0};
	p[1] = (struct pollfd){l->done ? -1 : l->to, waiting ? POLLOUT : 0, 0};
}

static int serve(struct relay_lane *l, const struct pollfd p[2])
{
	bool waiting = l->sent < l->held.n;

	if (l->done)
		return 0;
	if (waiting)
		return p[1].revents ? push(l) : 0;
	if (p[0].revents)
		return pull(l);
	if (p[1].revents & (POLLERR | POLLHUP | POLLNVAL))
		finish(l);
	return 0;
}

static bool over(const struct relay_lane *lanes, size_t n)
{
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		if (lanes[i].done && lanes[i].decides)
			return true;
		all = all && lanes[i].done;
	}
	return all;
}

int relay_run(struct relay_lane *lanes, size_t n, int idle_ms)
{
	struct pollfd p[2 * LANES];
	int r = 0;

	if (n > LANES) {
		errno = EINVAL;
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		buf_init(&lanes[i].held);
		lanes[i].sent = 0;
		lanes[i].ended = lanes[i].done = false;
		lanes[i].kind = kind_of(lanes[i].to);
	}
	while (r == 0 && !over(lanes, n)) {
		for (size_t i = 0; i < n; i++)
			ask(&lanes[i], p + 2 * i);
		int ready = fd_poll(p, 2 * n, idle_ms);

		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready < 0 && errno == EINTR)
			continue;
		r = ready > 0 ? 0 : -1;
		for (size_t i = 0; i < n && r == 0; i++)
			r = serve(&lanes[i], p + 2 * i);
	}
	for (size_t i = 0; i < n; i++)
		buf_free(&lanes[i].held);
	return r;
}

int relay_copy(int from, int to, void (*change)(void *arg, struct str in, bool last, struct buf *out),
	void *arg)
{
	char block[2 * BLOCK];
	struct buf out = BUF_INIT;
	ssize_t got;
	int r = 0;

	do {
		got = fd_read(from, block, sizeof block);
		if (got < 0)
			break;
		if (change)
			change(arg, str_make(block, (size_t)got), got == 0, &out);
		r = change ? fd_write_all(to, out.p, out.n) : fd_write_all(to, block, (size_t)got);
		buf_clear(&out);
	} while (got > 0 && r == 0);
	buf_free(&out);
	return got < 0 ? -1 : r;
}
