/* tlsrelay - between a peer in TLS and plain descriptors; see tls.h. */
#include "config.h"
#ifdef HAVE_TLS
#include <errno.h>

#include "core/base/mem.h"
#include "core/net/tlsctx.h"
#include "core/sys/fd.h"

struct way {
	char p[16384];
	size_t pos, n;
	bool open;
};

struct relay {
	struct tls *t;
	int from, to;
	bool program;
	struct way in, out;	/* from the peer; to the peer */
};

/* The peer's bytes go on as fast as to takes them.  -1: to takes nothing any more. */
static int pour(struct relay *r)
{
	struct way *w = &r->in;

	while (w->pos < w->n) {
		ssize_t put = fd_write_now(r->to, w->p + w->pos, w->n - w->pos);

		if (put < 0 && errno == ENOTSOCK) {
			if (fd_wait(r->to, POLLOUT, 0) == 0)
				return 0;
			put = fd_write(r->to, w->p + w->pos, w->n - w->pos < TLS_PIPE_ROOM ? w->n - w->pos : TLS_PIPE_ROOM);
		}
		if (put < 0 && errno == EPIPE && r->program) {
			r->in.open = false;	/* it reads no more, but may still have something to say */
			break;
		}
		if (put < 0)
			return errno == EAGAIN ? 0 : -1;
		w->pos += (size_t)put;
	}
	w->pos = w->n = 0;
	return 0;
}

static void peer_ended(struct relay *r)
{
	r->in.open = false;
	if (r->program && r->in.n == 0 && r->to >= 0) {
		fd_close(r->to);
		r->to = -1;
	}
}

/* 1: something came; 0: not yet, or the end; -1. */
static int from_peer(struct relay *r)
{
	ssize_t got = tls_read(r->t, r->in.p, sizeof r->in.p, 0);

	if (got < 0 && errno == ETIMEDOUT)
		return 0;	/* part of a record */
	if (got > 0) {
		r->in.n = (size_t)got;
		return pour(r) < 0 ? -1 : 1;
	}
	int keep = got < 0 && errno != ECONNRESET ? errno : 0;

	peer_ended(r);
	errno = keep;
	return keep ? -1 : 0;
}

static int to_peer(struct relay *r)
{
	struct way *w = &r->out;

	while (w->pos < w->n) {
		ssize_t put = tls_write_some(r->t, w->p + w->pos, w->n - w->pos, 0);

		if (put < 0)
			return errno == ETIMEDOUT ? 0 : -1;
		w->pos += (size_t)put;
	}
	w->pos = w->n = 0;
	return 0;
}

static int from_program(struct relay *r)
{
	ssize_t got = fd_read(r->from, r->out.p, sizeof r->out.p);

	if (got < 0)
		return errno == EAGAIN ? 0 : -1;
	if (got > 0) {
		r->out.n = (size_t)got;
		return to_peer(r);
	}
	r->out.open = false;
	if (!r->program)
		tls_end(r->t);
	return 0;
}

/* Is there anything left to do? */
static bool busy(const struct relay *r)
{
	if (r->program)
		return r->out.open || r->out.n;
	return r->in.open || r->in.n;
}

/* Wait for what can move, and move it: 0, or -1. */
static int turn(struct relay *r, int idle_ms)
{
	bool pending = r->in.open && !r->in.n && tls_pending(r->t);
	if (pending) {
		int came = from_peer(r);

		if (came < 0 || !r->in.open)
			return came;
		pending = came > 0;	/* what is buffered may be part of a record */
	}
	struct pollfd p[4] = {
		{r->in.open && !r->in.n ? r->t->rfd : -1, POLLIN, 0}, {r->in.n ? r->to : -1, POLLOUT, 0},
		{r->out.open && !r->out.n ? r->from : -1, POLLIN, 0}, {r->out.n ? r->t->wfd : -1, POLLOUT, 0},
	};
	int ready = fd_poll(p, 4, pending ? 0 : idle_ms);

	if (ready == 0 && !pending)
		errno = ETIMEDOUT;
	if (ready <= 0)
		return pending || (ready < 0 && errno == EINTR) ? 0 : -1;
	if (p[0].revents && !r->in.n && from_peer(r) < 0)
		return -1;
	if (p[1].revents && pour(r) < 0)
		return -1;
	if (!r->in.open && !r->in.n)
		peer_ended(r);
	if (p[2].revents && from_program(r) < 0)
		return -1;
	return p[3].revents ? to_peer(r) : 0;
}

int tls_relay(struct tls *t, int from, int to, int idle_ms, bool program)
{
	struct relay *r = mem_alloc(sizeof *r);
	int result = 0;

	r->t = t;
	r->from = from;
	r->to = to;
	r->program = program;
	r->in.open = r->out.open = true;
	while (result == 0 && busy(r))
		result = turn(r, idle_ms);
	int keep = errno;

	mem_free(r);
	errno = keep;
	return result;
}
#endif
