/* tlsrelay - between a peer in TLS and plain descriptors; see tls.h and tlsctx.h. */
#include "config.h"
#ifdef HAVE_TLS
#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/net/tlsctx.h"
#include "core/sys/fd.h"
#include "core/sys/local.h"

enum { ROUNDS = 8 };	/* blocks of one connection before another one gets its turn */

/* What is on its way just now; what cannot go on is kept by its connection. */
static char scratch[16384];

void relay_begin(struct relay *r, struct tls *t, int from, int to, bool program)
{
	*r = (struct relay){.t = t, .from = from, .to = to, .program = program, .in.open = true, .out.open = true};
}

void relay_end(struct relay *r)
{
	mem_free(r->in.p);
	mem_free(r->out.p);
	r->in.p = r->out.p = NULL;
}

static void keep(struct way *w, const char *p, size_t n)
{
	w->p = mem_copy(p, n);
	w->pos = 0;
	w->n = n;
}

/* Write what goes without waiting: how much, or -1. */
static ssize_t put_plain(struct relay *r, const char *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t put = fd_write_now(r->to, p + done, n - done);

		if (put < 0 && errno == ENOTSOCK) {
			if (fd_wait(r->to, POLLOUT, 0) == 0)
				break;
			put = fd_write(r->to, p + done, n - done < TLS_PIPE_ROOM ? n - done : TLS_PIPE_ROOM);
		}
		if (put < 0 && errno == EAGAIN)
			break;
		if (put < 0 && errno == EPIPE && r->program) {
			r->in.open = false;	/* it reads no more, but may still have something to say */
			return (ssize_t)n;
		}
		if (put < 0)
			return -1;
		done += (size_t)put;
	}
	return (ssize_t)done;
}

static ssize_t put_peer(struct relay *r, const char *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t put = tls_write_some(r->t, p + done, n - done, 0);

		if (put < 0 && errno == ETIMEDOUT)
			break;
		if (put < 0)
			return -1;
		done += (size_t)put;
	}
	return (ssize_t)done;
}

/* New bytes in scratch, or those kept from before: 0, or -1. */
static int pass(struct relay *r, struct way *w, size_t n, ssize_t (*put)(struct relay *r, const char *p, size_t n))
{
	const char *p = w->n ? w->p + w->pos : scratch;
	ssize_t done;

	if (w->n)
		n = w->n - w->pos;
	done = put(r, p, n);
	if (done < 0)
		return -1;
	if (!w->n && (size_t)done < n) {
		keep(w, p + done, n - (size_t)done);
	} else if (w->n) {
		w->pos += (size_t)done;
		if (w->pos == w->n) {
			mem_free(w->p);
			w->p = NULL;
			w->n = w->pos = 0;
		}
	}
	return 0;
}

static void peer_ended(struct relay *r)
{
	r->in.open = false;
	if (!r->program || r->in.n || r->to < 0)
		return;
	if (r->to == r->from) {
		local_end(r->to);
	} else {
		fd_close(r->to);
		r->to = -1;
	}
}

/* 1: something came; 0: not yet, or the end; -1. */
static int from_peer(struct relay *r)
{
	ssize_t got = tls_read(r->t, scratch, sizeof scratch, 0);

	if (got < 0 && errno == ETIMEDOUT)
		return 0;	/* part of a record */
	if (got > 0)
		return pass(r, &r->in, (size_t)got, put_plain) < 0 ? -1 : 1;
	int keep_errno = got < 0 && errno != ECONNRESET ? errno : 0;

	peer_ended(r);
	errno = keep_errno;
	return keep_errno ? -1 : 0;
}

static int from_plain(struct relay *r)
{
	ssize_t got = fd_read(r->from, scratch, sizeof scratch);

	if (got < 0)
		return errno == EAGAIN ? 0 : -1;
	if (got > 0)
		return pass(r, &r->out, (size_t)got, put_peer);
	r->out.open = false;
	if (!r->program)
		tls_end(r->t);
	return 0;
}

bool relay_busy(const struct relay *r)
{
	if (r->program)
		return r->out.open || r->out.n;
	return r->in.open || r->in.n;
}

void relay_wants(const struct relay *r, struct pollfd p[4])
{
	p[0] = (struct pollfd){r->in.open && !r->in.n ? r->t->rfd : -1, POLLIN, 0};
	p[1] = (struct pollfd){r->in.n ? r->to : -1, POLLOUT, 0};
	p[2] = (struct pollfd){r->out.open && !r->out.n ? r->from : -1, POLLIN, 0};
	p[3] = (struct pollfd){r->out.n ? r->t->wfd : -1, POLLOUT, 0};
}

/* The peer's bytes, some blocks of them.  What the library has decrypted already shows on no descriptor. */
static int move_in(struct relay *r, bool readable, bool writable)
{
	int came = readable;

	if (writable && r->in.n) {
		if (pass(r, &r->in, 0, put_plain) < 0)
			return -1;
		came = !r->in.n;
	}
	for (int i = 0; i < ROUNDS && came > 0 && r->in.open && !r->in.n; i++)
		came = from_peer(r);
	if (!r->in.open && !r->in.n)
		peer_ended(r);
	return came < 0 ? -1 : came > 0 && r->in.open && !r->in.n && tls_pending(r->t);
}

int relay_move(struct relay *r, const struct pollfd p[4])
{
	int more = move_in(r, p[0].revents, p[1].revents);

	if (more < 0)
		return -1;
	if (p[3].revents && r->out.n && pass(r, &r->out, 0, put_peer) < 0)
		return -1;
	if (p[2].revents && r->out.open && !r->out.n && from_plain(r) < 0)
		return -1;
	return more;
}

int tls_relay(struct tls *t, int from, int to, int idle_ms, bool program)
{
	struct relay r;
	struct pollfd p[4];
	int result = tls_pending(t);

	relay_begin(&r, t, from, to, program);
	while (result >= 0 && relay_busy(&r)) {
		bool more = result > 0;

		relay_wants(&r, p);
		int ready = fd_poll(p, 4, more ? 0 : idle_ms);

		if (more)
			p[0].revents = POLLIN;
		else if (ready == 0)
			errno = ETIMEDOUT;
		if (ready > 0 || more)
			result = relay_move(&r, p);
		else
			result = ready < 0 && errno == EINTR ? 0 : -1;
	}
	int keep_errno = errno;

	relay_end(&r);
	errno = keep_errno;
	return result < 0 ? -1 : 0;
}
#endif
