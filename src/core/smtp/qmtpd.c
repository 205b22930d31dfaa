/* qmtpd - the server of QMTP: any number of messages, for each a netstring per recipient as the answer;
 * see netserver.h. */
#include "core/base/crlf.h"
#include "core/smtp/netserver.h"

struct packet {
	struct netserver *s;
	struct crlf ends;
	bool dos;		/* lines end in CR LF */
	uint64_t size;		/* of the message as it is stored */
	bool too_big, bad_sender;
	struct buf verdicts;	/* a letter per recipient: K as the queue says, D not ours, L no address */
	uint64_t too_many;	/* recipients behind these */
	size_t taken;
	struct buf text;	/* scratch */
};

static void store(struct packet *p, struct str s)
{
	p->size += s.n;
	if (p->s->databytes && p->size > p->s->databytes && !p->too_big) {
		p->too_big = true;
		netserver_doom(p->s);
	}
	netserver_put(p->s, s);
}

static void lines(struct packet *p, struct str s, bool last)
{
	buf_clear(&p->text);
	crlf_del(&p->ends, s, last, &p->text);
	store(p, buf_str(&p->text));
}

static void piece(void *packet, struct str s)
{
	struct packet *p = packet;

	if (p->dos)
		lines(p, s, false);
	else
		store(p, s);
}

/* The first byte says how lines end. */
static bool message(struct packet *p)
{
	struct netstr *r = &p->s->r;
	uint64_t n;
	char c;

	if (!netstr_length(r, &n))
		return false;
	if (n == 0)
		return netstr_fail(r, NETSTR_BAD);
	if (!netstr_byte(r, &c))
		return false;
	if (c != '\n' && c != '\r')
		return netstr_fail(r, NETSTR_BAD);
	p->dos = c == '\r';
	if (!netserver_open(p->s, "qmtpd", "QMTP"))
		return false;
	bool whole = netstr_pass(r, n - 1, piece, p);

	if (p->dos)
		lines(p, STR(""), true);
	return whole && netstr_comma(r);
}

static bool sender(struct packet *p)
{
	bool fits;

	if (!netstr_text(&p->s->r, &p->text, NETSERVER_ADDR, &fits))
		return false;
	if (!fits) {
		p->bad_sender = true;
		netserver_doom(p->s);
	}
	if (!p->s->doomed)
		p->s->queue.from(p->s->queue.ctx, buf_str(&p->text));
	return true;
}

/* May mail for the address in p->text be taken?  K or D; 0: the answer cannot be read. */
static char permission(struct packet *p)
{
	struct netserver *s = p->s;
	int ours = s->relay ? 1 : hosts_accept(&s->hosts, buf_str(&p->text), &s->err);

	return ours < 0 ? 0 : ours ? 'K' : 'D';
}

static void take(struct packet *p)
{
	p->taken++;
	if (p->s->relay)
		buf_add(&p->text, p->s->suffix);
	if (!p->s->doomed)
		p->s->queue.to(p->s->queue.ctx, buf_str(&p->text));
}

static bool recipient(struct packet *p)
{
	struct netserver *s = p->s;
	bool fits;

	if (!netstr_text(&s->r, &p->text, NETSERVER_ADDR, &fits))
		return false;
	if (p->verdicts.n == NETSERVER_RCPTS) {
		p->too_many++;
		return true;
	}
	fits = fits && p->text.n + (s->relay ? s->suffix.n : 0) < NETSERVER_ADDR;
	char v = fits ? permission(p) : 'L';

	if (!v)
		return netstr_fail(&s->r, NETSTR_TROUBLE);
	if (v == 'K')
		take(p);
	buf_addc(&p->verdicts, v);
	return true;
}

static bool recipients(struct packet *p)
{
	struct netstr *r = &p->s->r;
	uint64_t n;

	if (!netstr_length(r, &n))
		return false;
	r->left = n;
	while (r->left)
		if (!recipient(p))
			return false;
	r->left = UINT64_MAX;
	return netstr_comma(r);
}

static void answer(struct packet *p, struct str queue)
{
	if (p->bad_sender)
		queue = STR("Dunacceptable sender (#5.1.7)");
	if (p->too_big)
		queue = STR("Dsorry, that message size exceeds my databytes limit (#5.3.4)");
	for (size_t i = 0; i < p->verdicts.n && !p->s->out->failed; i++)
		netserver_answer(p->s, p->verdicts.p[i] == 'K' ? queue : p->verdicts.p[i] == 'L' ?
			STR("Dsorry, I can't handle that recipient (#5.1.3)") :
			STR("Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"));
	for (uint64_t i = 0; i < p->too_many && !p->s->out->failed; i++)
		netserver_answer(p->s, STR("Zsorry, send the other recipients in another message (#4.5.3)"));
}

/* One packet; what did not come whole is not queued. */
static bool serve(struct packet *p)
{
	struct netserver *s = p->s;
	bool whole = message(p) && sender(p) && recipients(p);

	if (!whole || !p->taken)
		netserver_doom(s);
	const char *why = netserver_close(s);

	if (whole)
		answer(p, str_z(why));
	return whole;
}

int qmtpd_run(struct netserver *s, struct in *in, struct out *out)
{
	bool more;

	netserver_start(s, in, out);
	do {
		struct packet p = {.s = s, .verdicts = BUF_INIT, .text = BUF_INIT};

		s->r.left = UINT64_MAX;
		more = serve(&p);
		buf_free(&p.verdicts);
		buf_free(&p.text);
	} while (more);
	int code = s->r.code;

	netserver_flush(s);
	return code;
}
