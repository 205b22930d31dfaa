/* qmqpd - the server of QMQP: one netstring with a message, its sender and its recipients, one answer for all;
 * see netserver.h. */
#include "core/smtp/netserver.h"

/* An address that cannot be one dooms the whole message. */
static bool address(struct netserver *s, void (*put)(void *ctx, struct str addr))
{
	struct buf b = BUF_INIT;
	bool fits, read = netstr_text(&s->r, &b, NETSERVER_ADDR, &fits);

	if (read && !fits)
		netserver_doom(s);
	if (read && !s->doomed)
		put(s->queue.ctx, buf_str(&b));
	buf_free(&b);
	return read;
}

static bool recipients(struct netserver *s)
{
	while (s->r.left)
		if (!address(s, s->queue.to))
			return false;
	return true;
}

/* The outer netstring, its comma included. */
static bool packet(struct netserver *s)
{
	uint64_t n;

	if (!netstr_length(&s->r, &n) || !netstr_pass(&s->r, n, netserver_put, s) || !netstr_comma(&s->r) ||
			!address(s, s->queue.from) || !recipients(s))
		return false;
	s->r.left = 1;
	return netstr_comma(&s->r);
}

int qmqpd_run(struct netserver *s, struct in *in, struct out *out)
{
	uint64_t n;

	netserver_start(s, in, out);
	if (!netstr_length(&s->r, &n))
		return s->r.code;
	s->r.left = n;
	bool whole = netserver_open(s, "qmqpd", "QMQP") && packet(s);

	if (!whole)
		netserver_doom(s);
	const char *why = netserver_close(s);

	if (!whole)
		return s->r.code;
	netserver_answer(s, s->doomed ? STR("Dsorry, I can't accept addresses like that (#5.1.3)") : str_z(why));
	netserver_flush(s);
	return 0;
}
