/* client - the sending side of SMTP; see client.h. */
#include "core/smtp/client.h"

#include <errno.h>
#include <string.h>

#include "core/base/num.h"
#include "core/mail/quote.h"
#include "core/sys/clock.h"

enum {
	LINE_MAX_BYTES = 4096,	/* of one reply line */
	REPLY_LINES = 200,
	REPLY_TEXT = 16384,	/* kept of a whole reply */
	BATCH = 100,		/* recipients sent before their answers are read */
	LAST_WORDS_MS = 3000,	/* how long we look for a reply after a failed write */
};

void smtpc_init(struct smtpc *c, int fd, int timeout_ms)
{
	memset(c, 0, offsetof(struct smtpc, in_space));
	in_init(&c->in, fd, c->in_space, sizeof c->in_space);
	out_init(&c->out, fd, c->out_space, sizeof c->out_space);
	c->timeout_ms = c->in.timeout = c->out.timeout = timeout_ms;
	buf_init(&c->auth);
	buf_init(&c->text);
}

void smtpc_free(struct smtpc *c)
{
	buf_free(&c->auth);
	buf_free(&c->text);
}

/* Take bytes of the reply line at the end of c->text until its newline: 1, or -1. */
static int read_line(struct smtpc *c, size_t *len, long long end)
{
	for (*len = 0;;) {
		long long left = end - clock_mono_ms();

		c->in.timeout = c->timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0;
		int r = in_fill(&c->in);

		if (r == 0)
			errno = ECONNRESET;
		if (r <= 0)
			return -1;
		struct str s = in_peek(&c->in);
		size_t i = str_chr(s, '\n'), take = i < s.n ? i + 1 : s.n;

		if (*len + take > LINE_MAX_BYTES) {
			errno = EMSGSIZE;
			return -1;
		}
		buf_put(&c->text, s.p, take);
		in_skip(&c->in, take);
		*len += take;
		if (i < s.n)
			return 1;
	}
}

/* The line just read loses its CR and NULs: its code, negative when more lines follow; 0: no SMTP. */
static int check_line(struct buf *text, size_t start)
{
	struct str line = str_rtrim(str_from(buf_str(text), start));
	uint64_t code;

	for (size_t i = start; i < start + line.n; i++)
		if (text->p[i] == 0)
			text->p[i] = '?';
	if (line.n < 3 || num_scan(str_to(line, 3), &code) != 3 || code < 100 || code > 599)
		return 0;
	if (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-')
		return 0;
	bool more = line.n > 3 && line.p[3] == '-';

	buf_trunc(text, start + line.n);
	buf_addc(text, '\n');
	return more ? -(int)code : (int)code;
}

int smtpc_reply(struct smtpc *c)
{
	long long end = clock_mono_ms() + c->timeout_ms;
	size_t len;

	c->code = 0;
	buf_clear(&c->text);
	for (int lines = 0; lines < REPLY_LINES; lines++) {
		size_t start = c->text.n;

		if (read_line(c, &len, end) < 0)
			goto failed;
		int code = check_line(&c->text, start);

		if (code == 0) {
			errno = EPROTO;
			goto failed;
		}
		if (code > 0)
			return c->code = code;
		if (c->text.n > REPLY_TEXT)
			buf_trunc(&c->text, REPLY_TEXT);
	}
	errno = EMSGSIZE;
failed:
	buf_clear(&c->text);	/* it may hold anything */
	return -1;
}

int smtpc_command(struct smtpc *c, struct str line)
{
	out_add(&c->out, line);
	out_adds(&c->out, "\r\n");
	return out_flush(&c->out) < 0 ? -1 : smtpc_reply(c);
}

static void take_extension(struct smtpc *c, struct str line)
{
	static const struct {
		const char *word;
		unsigned bit;
	} known[] = {{"PIPELINING", SMTPC_PIPELINING}, {"SIZE", SMTPC_SIZE}, {"8BITMIME", SMTPC_8BITMIME},
		{"SMTPUTF8", SMTPC_SMTPUTF8}, {"STARTTLS", SMTPC_STARTTLS}, {"AUTH", SMTPC_AUTH},
		{"DSN", SMTPC_DSN}, {"REQUIRETLS", SMTPC_REQUIRETLS}, {"CHUNKING", SMTPC_CHUNKING}};
	struct str word = str_word(&line);

	/* some old servers write AUTH=LOGIN */
	if (str_istarts(word, STR("AUTH="))) {
		line = str_from(word, 5);
		word.n = 4;
	}
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_ieq(word, str_z(known[i].word)))
			c->ext |= known[i].bit;
	if (str_ieq(word, STR("SIZE")))
		num_parse(str_word(&line), INT64_MAX, &c->size_max);
	if (str_ieq(word, STR("AUTH"))) {
		if (c->auth.n)
			buf_addc(&c->auth, ' ');
		buf_add(&c->auth, str_trim(line));
	}
}

static int hello(struct smtpc *c, const char *verb, struct str name)
{
	struct buf line = BUF_INIT;

	buf_fmt(&line, "%s %.*s", verb, STR_FMT(name));
	int code = smtpc_command(c, buf_str(&line));

	buf_free(&line);
	return code;
}

int smtpc_hello(struct smtpc *c, struct str name)
{
	int code = hello(c, "EHLO", name);

	c->ext = 0;
	c->size_max = 0;
	buf_clear(&c->auth);
	if (code >= 500)
		return hello(c, "HELO", name);
	if (code != 250)
		return code;
	c->ext = SMTPC_ESMTP;
	struct str rest = buf_str(&c->text);

	str_cut(&rest, '\n');
	while (rest.p)
		take_extension(c, str_from(str_cut(&rest, '\n'), 4));
	return code;
}

void smtpc_quit(struct smtpc *c)
{
	out_adds(&c->out, "QUIT\r\n");
	out_flush(&c->out);
}

bool smtpc_address_valid(struct str addr)
{
	struct str host = str_from(addr, str_rchr(addr, '@'));

	for (size_t i = 0; i < addr.n; i++)
		if ((unsigned char)addr.p[i] < 32 || addr.p[i] == 127)
			return false;
	for (size_t i = 0; i < host.n; i++)
		if (strchr(" <>()\"\\,;", host.p[i]))
			return false;
	return addr.n <= 1000;
}

static void say_path(struct smtpc *c, const char *verb, struct str addr)
{
	struct buf b = BUF_INIT;

	buf_fmt(&b, "%s:<", verb);
	if (addr.n)
		quote_address(&b, addr);
	buf_addc(&b, '>');
	out_add(&c->out, buf_str(&b));
	buf_free(&b);
}

/* Delivery status parameters, and the end of the line. */
static void say_params(struct smtpc *c, struct str words)
{
	if (words.n && c->ext & SMTPC_DSN) {
		out_addc(&c->out, ' ');
		out_add(&c->out, words);
	}
	out_adds(&c->out, "\r\n");
}

static void say_mail(struct smtpc *c, const struct smtpc_mail *m)
{
	say_path(c, "MAIL FROM", m->sender);
	if (m->size && c->ext & SMTPC_SIZE)
		out_fmt(&c->out, " SIZE=%llu", (unsigned long long)m->size);
	if (m->eightbit && c->ext & SMTPC_8BITMIME)
		out_adds(&c->out, " BODY=8BITMIME");
	if (m->utf8 && c->ext & SMTPC_SMTPUTF8)
		out_adds(&c->out, " SMTPUTF8");
	say_params(c, m->mail_params);
}

static void say_rcpt(struct smtpc *c, const struct smtpc_mail *m, size_t i)
{
	say_path(c, "RCPT TO", m->rcpts[i]);
	say_params(c, m->rcpt_params);
}

/* The answer to one RCPT: 1 accepted, 0 not, -1 lost. */
static int hear_rcpt(struct smtpc *c, const struct smtpc_mail *m, size_t i)
{
	int code = smtpc_reply(c);

	if (code < 0)
		return -1;
	if (m->rcpt)
		m->rcpt(i, code, buf_str(&c->text), m->arg);
	return code >= 200 && code < 300;
}

/* The end of a transaction without a message: the answer to DATA is awaited, and an invitation is
 * taken back with an empty message (RFC 2920 section 3.1). */
static int decline(struct smtpc *c)
{
	int code = smtpc_reply(c);

	if (code >= 300 && code < 400)
		code = smtpc_command(c, STR("."));
	return code < 0 ? -1 : 0;
}

/* MAIL was refused and its answer must stay the last one seen: hear the rest of the batch. */
static enum smtpc_end refused_sender(struct smtpc *c, size_t answers, bool data)
{
	int code = c->code;
	struct buf text = c->text;
	bool lost = false;

	buf_init(&c->text);
	while (answers-- && !lost)
		lost = smtpc_reply(c) < 0;
	if (data && !lost)
		decline(c);
	buf_free(&c->text);
	c->code = code;
	c->text = text;
	return SMTPC_SENDER;
}

/* Everything up to DATA's answer with as few waits as possible. */
static enum smtpc_end open_pipelined(struct smtpc *c, const struct smtpc_mail *m)
{
	size_t accepted = 0, sent = 0;

	say_mail(c, m);
	for (bool first = true; sent < m->n; first = false) {
		size_t from = sent;

		while (sent < m->n && sent - from < BATCH)
			say_rcpt(c, m, sent++);
		if (sent == m->n)
			out_adds(&c->out, "DATA\r\n");
		if (out_flush(&c->out) < 0 || (first && smtpc_reply(c) < 0))
			return SMTPC_LOST;
		if (first && c->code / 100 != 2)
			return refused_sender(c, sent - from, sent == m->n);
		for (size_t i = from; i < sent; i++) {
			int r = hear_rcpt(c, m, i);

			if (r < 0)
				return SMTPC_LOST;
			accepted += (size_t)r;
		}
	}
	if (!accepted)
		return decline(c) < 0 ? SMTPC_LOST : SMTPC_NOBODY;
	return smtpc_reply(c) < 0 ? SMTPC_LOST : SMTPC_ACCEPTED;
}

static enum smtpc_end open_stepwise(struct smtpc *c, const struct smtpc_mail *m)
{
	size_t accepted = 0;

	say_mail(c, m);
	if (out_flush(&c->out) < 0 || smtpc_reply(c) < 0)
		return SMTPC_LOST;
	if (c->code / 100 != 2)
		return SMTPC_SENDER;
	for (size_t i = 0; i < m->n; i++) {
		say_rcpt(c, m, i);
		int r = out_flush(&c->out) < 0 ? -1 : hear_rcpt(c, m, i);

		if (r < 0)
			return SMTPC_LOST;
		accepted += (size_t)r;
	}
	if (!accepted)
		return SMTPC_NOBODY;
	return smtpc_command(c, STR("DATA")) < 0 ? SMTPC_LOST : SMTPC_ACCEPTED;
}

/* Line state of the body between blocks. */
struct body {
	bool middle;	/* the last byte was no newline */
	bool cr;	/* the last byte was a CR not yet sent */
};

/* LF becomes CR LF (as does CR LF), a dot at the start of a line is doubled. */
static void put_block(struct body *b, struct out *out, struct str s)
{
	while (s.n) {
		size_t i = str_chr(s, '\n');
		struct str seg = str_to(s, i);

		if (b->cr && i > 0)
			out_addc(out, '\r');
		if (!b->middle && s.p[0] == '.')
			out_addc(out, '.');
		b->cr = seg.n && seg.p[seg.n - 1] == '\r';
		seg.n -= b->cr;
		out_add(out, seg);
		b->middle = i == s.n;
		if (!b->middle) {
			b->cr = false;
			out_adds(out, "\r\n");
		}
		s = str_from(s, i + 1);
	}
}

static enum smtpc_end put_body(struct smtpc *c, const struct smtpc_mail *m)
{
	struct body b = {0};
	int r;

	put_block(&b, &c->out, m->head);
	while ((r = in_fill(m->body)) == 1) {
		struct str s = in_peek(m->body);

		put_block(&b, &c->out, s);
		in_skip(m->body, s.n);
		if (c->out.failed)
			return SMTPC_LOST;
	}
	if (r < 0)
		return SMTPC_UNREADABLE;
	return b.middle ? SMTPC_PARTIAL : SMTPC_ACCEPTED;
}

/* A server that refuses in the middle of the message says why before it closes. */
static enum smtpc_end last_words(struct smtpc *c)
{
	int num = errno, timeout = c->timeout_ms;

	if (timeout < 0 || timeout > LAST_WORDS_MS)
		c->timeout_ms = LAST_WORDS_MS;
	int code = smtpc_reply(c);

	c->timeout_ms = timeout;
	errno = num;
	return code >= 400 ? SMTPC_MESSAGE : SMTPC_LOST;
}

static enum smtpc_end send_message(struct smtpc *c, const struct smtpc_mail *m)
{
	enum smtpc_end end = put_body(c, m);

	if (end == SMTPC_ACCEPTED) {
		out_adds(&c->out, ".\r\n");
		if (out_flush(&c->out) < 0)
			end = SMTPC_LOST;
		else
			c->dot_sent = true;
	}
	if (end == SMTPC_LOST)
		return last_words(c);
	if (end != SMTPC_ACCEPTED)
		return end;
	if (smtpc_reply(c) < 0)
		return SMTPC_LOST;
	return c->code / 100 == 2 ? SMTPC_ACCEPTED : SMTPC_MESSAGE;
}

enum smtpc_end smtpc_send(struct smtpc *c, const struct smtpc_mail *m)
{
	c->dot_sent = false;
	enum smtpc_end end = c->ext & SMTPC_PIPELINING ? open_pipelined(c, m) : open_stepwise(c, m);

	if (end != SMTPC_ACCEPTED)
		return end;
	if (c->code / 100 != 3)
		return SMTPC_DATA;
	return send_message(c, m);
}
