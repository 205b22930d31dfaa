/* transmit - one message to one host; see transmit.h. */
#include "queue/transmit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/conf/conf.h"
#include "core/smtp/client.h"
#include "core/smtp/dsn.h"
#include "core/smtp/qmtp.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/workers.h"

enum {
	HANDSHAKE_MS = 60000,
	LINK_MS = 300000,	/* a connection is not used for longer */
};

/* A connection: to the host of one delivery, or kept from the last one for the next. */
struct link {
	struct smtpc c;
	struct tls *tls;
	int fd;
	bool secured;
	struct buf key;
	long used;		/* messages it has carried */
	long long since;	/* clock_mono_ms of its beginning */
};

static struct link *kept;

static void end_link(struct link *l)
{
	tls_close(l->tls);
	smtpc_free(&l->c);
	buf_free(&l->key);
	mem_free(l);
}

bool transmit_kept(void)
{
	return kept;
}

void transmit_drop(void)
{
	if (!kept)
		return;
	smtpc_quit(&kept->c);
	workers_let_go();
	fd_close(kept->fd);
	end_link(kept);
	kept = NULL;
}

void transmit_free(struct transmit *t)
{
	buf_free(&t->key);
	outtls_free(&t->tls);
	buf_free(&t->report);
	buf_free(&t->text);
}

static void set_text(struct transmit *t, char letter, int code, const char *fmt, va_list ap)
{
	struct buf b = BUF_INIT;

	buf_vfmt(&b, fmt, ap);
	t->letter = letter;
	t->code = code;
	buf_free(&t->text);
	t->text = b;
}

void transmit_give_up(struct transmit *t)
{
	buf_addc(&t->report, t->letter);
	buf_add(&t->report, buf_str(&t->text));
	buf_addc(&t->report, 0);
}

void transmit_end(struct transmit *t, char letter, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_text(t, letter, code, fmt, ap);
	va_end(ap);
	transmit_give_up(t);
}

/* Why this host failed, without closing the report. */
static enum transmit_end next(struct transmit *t, bool bad_greeting, char letter, int code, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
static enum transmit_end next(struct transmit *t, bool bad_greeting, char letter, int code, const char *fmt, ...)
{
	va_list ap;

	t->bad_greeting = bad_greeting;
	va_start(ap, fmt);
	set_text(t, letter, code, fmt, ap);
	va_end(ap);
	return TRANSMIT_NEXT;
}

/* An address as reports show it: nothing outside printable ASCII. */
static void put_address(struct buf *b, struct str addr)
{
	for (size_t i = 0; i < addr.n; i++)
		buf_addc(b, addr.p[i] < 33 || addr.p[i] > 126 ? '?' : addr.p[i]);
}

static void put_rcpt(struct transmit *t, char letter, size_t i)
{
	buf_addc(&t->report, letter);
	buf_adds(&t->report, "From: <");
	put_address(&t->report, t->sender);
	buf_adds(&t->report, "> RCPT: <");
	put_address(&t->report, t->rcpts[i]);
	buf_adds(&t->report, "> ");
}

static void smtp_rcpt(size_t i, int code, struct str text, void *arg)
{
	struct transmit *t = arg;

	put_rcpt(t, code / 100 == 2 ? 'r' : code >= 500 ? 'h' : 's', i);
	if (code / 100 != 2)
		buf_fmt(&t->report, "%s does not like recipient.\nRemote host said: %.*s", t->ip, STR_FMT(text));
	buf_addc(&t->report, 0);
}

/* What the message needs of the server: bytes above 127 in body or header. */
static void scan(const struct transmit *t, bool *eightbit, bool *header)
{
	char block[65536];
	off_t start = fd_tell(t->mess);
	bool in_header = true, newline = true;
	ssize_t r;

	*eightbit = *header = false;
	while (start >= 0 && !(*eightbit && !in_header) && (r = fd_read(t->mess, block, sizeof block)) > 0) {
		struct str s = {block, (size_t)r};

		while (in_header && s.n) {
			struct str line = str_to(s, str_chr(s, '\n') + 1);

			in_header = !(newline && line.p[0] == '\n');
			newline = line.p[line.n - 1] == '\n';
			for (size_t i = 0; i < line.n; i++)
				*header |= line.p[i] < 0;
			s = str_from(s, line.n);
		}
		unsigned any = *header;

		for (size_t i = 0; i < s.n; i++)
			any |= (unsigned char)s.p[i] & 0x80u;
		*eightbit |= any != 0;
	}
	if (start >= 0)
		fd_seek(t->mess, start);
}

static bool addresses_need_utf8(const struct transmit *t)
{
	bool need = !utf8_ascii(t->sender) && t->sender.n;

	for (size_t i = 0; i < t->n; i++)
		need |= !utf8_ascii(t->rcpts[i]);
	return need;
}

static const char *lost_how(int num)
{
	return num == ETIMEDOUT ? "the host stopped answering" : num == EPROTO || num == EMSGSIZE ?
		"the host does not speak this protocol properly" : "the connection died";
}

static void lost(struct transmit *t, bool complete)
{
	transmit_end(t, 'Z', 0, "Connected to %s but %s.%s (#4.4.2)\n", t->ip, lost_how(errno),
		complete ? " Possible duplicate!" : "");
}

/* The server refused: its class decides. */
static void refused(struct transmit *t, const struct smtpc *c, const char *what)
{
	transmit_end(t, c->code >= 500 ? 'D' : 'Z', c->code, "Connected to %s but %s.\nRemote host said: %s",
		t->ip, what, c->text.p);
}

/* May the connection be used for another message? */
static bool keeps(const struct transmit *t, const struct link *l)
{
	long max = 100;

	conf_int(CONF_CONNECTION_REUSE, &max, NULL);
	return t->key.n && l->used < max && clock_mono_ms() - l->since < LINK_MS;
}

static void conclude(struct transmit *t, struct smtpc *c, enum smtpc_end end, bool keep)
{
	switch (end) {
	case SMTPC_ACCEPTED:
		transmit_end(t, 'K', c->code, "%s accepted message - Protocol SMTP%s.\nRemote host said: %s%s", t->ip,
			t->secured ? "S" : "", c->text.p, c->ext & SMTPC_DSN && dsn_wants(t->rcpt_params, DSN_SUCCESS) ?
			TRANSMIT_TAKEN_OVER "\n" : "");
		break;
	case SMTPC_SENDER:
		refused(t, c, "sender was rejected");
		break;
	case SMTPC_NOBODY:
		transmit_end(t, 'D', c->code, "Giving up on %s.\n", t->ip);
		break;
	case SMTPC_DATA:
		refused(t, c, "the DATA command was rejected");
		break;
	case SMTPC_MESSAGE:
		refused(t, c, "the message was rejected");
		break;
	case SMTPC_LOST:
		lost(t, c->dot_sent);
		break;
	case SMTPC_PARTIAL:
		transmit_end(t, 'D', 0, "The last line of the message has no newline; SMTP cannot transfer it. (#5.6.2)\n");
		break;
	case SMTPC_UNREADABLE:
		transmit_end(t, 'Z', 0, "Unable to read the message: %s. (#4.3.0)\n", strerror(errno));
		break;
	}
	if (end != SMTPC_LOST && end != SMTPC_PARTIAL && end != SMTPC_UNREADABLE && !keep)
		smtpc_quit(c);
}

/* A connection that was kept fails before it has taken anything: as if there were none. */
static bool stale(const struct smtpc *c, enum smtpc_end end)
{
	return (end == SMTPC_LOST && !c->dot_sent) || (end == SMTPC_SENDER && c->code == 421);
}

/* false: the connection, an old one, was of no use. */
static bool transaction(struct transmit *t, struct link *l)
{
	char space[65536];
	bool header = false, addresses = addresses_need_utf8(t);
	size_t before = t->report.n;
	struct smtpc *c = &l->c;
	struct in body;
	struct smtpc_mail m = {.sender = t->sender, .rcpts = t->rcpts, .n = t->n, .size = t->size, .head = t->head,
		.mail_params = t->mail_params, .rcpt_params = t->rcpt_params, .body = &body, .rcpt = smtp_rcpt, .arg = t};

	if (addresses && !(c->ext & SMTPC_SMTPUTF8)) {
		transmit_end(t, 'D', 0, "Connected to %s but the host takes no internationalised addresses. (#5.6.7)\n", t->ip);
		smtpc_quit(c);
		return true;
	}
	if (c->ext & (SMTPC_8BITMIME | SMTPC_SMTPUTF8))
		scan(t, &m.eightbit, &header);
	m.utf8 = addresses || (t->utf8_headers && header);
	in_init(&body, t->mess, space, sizeof space);
	c->dot_sent = false;
	enum smtpc_end end = smtpc_send(c, &m);

	if (l->used && stale(c, end)) {
		buf_trunc(&t->report, before);
		return false;
	}
	l->used++;
	l->secured = t->secured;
	bool keep = end == SMTPC_ACCEPTED && keeps(t, l);

	conclude(t, c, end, keep);
	if (keep) {
		buf_set(&l->key, buf_str(&t->key));
		kept = l;
	}
	return true;
}

bool transmit_again(struct transmit *t)
{
	struct link *l = kept;

	if (!l || !str_eq(buf_str(&l->key), buf_str(&t->key)))
		return false;
	kept = NULL;
	t->qmtp = false;
	t->secured = l->secured;
	/* whatever the host says unasked is its farewell */
	bool done = fd_wait(l->fd, POLLIN, 0) == 0 && transaction(t, l);

	if (kept != l) {
		workers_let_go();
		fd_close(l->fd);
		end_link(l);
	}
	return done;
}

/* Speak TLS on fd from now on.  What the host has said before in plain text is forgotten. */
static bool secure(struct transmit *t, int fd, struct in *in, struct out *out, struct tls **tls, struct err *e)
{
	*tls = outtls_start(&t->tls, t->host, fd, t->timeout_ms < HANDSHAKE_MS ? t->timeout_ms : HANDSHAKE_MS, e);
	if (!*tls)
		return false;
	tls_in(*tls, in);
	tls_out(*tls, out);
	return t->secured = true;
}

/* TLS that must be, and was not to be had. */
static enum transmit_end insecure(struct transmit *t, const struct err *e)
{
	return next(t, false, 'Z', 0, "Connected to %s but there is no TLS as it must be: %s%s%s. (#4.7.5)\n", t->ip, e->text,
		e->num ? ": " : "", e->num ? strerror(e->num) : "");
}

/* STARTTLS and a new hello.  TRANSMIT_DONE: go on, and c->code tells how that was answered. */
static enum transmit_end start_tls(struct transmit *t, struct smtpc *c, struct str helo, struct tls **tls)
{
	struct err e = {0};

	if (t->tls.level == OUTTLS_NEVER)
		return TRANSMIT_DONE;
	if (!(c->ext & SMTPC_STARTTLS))
		err_temp(&e, 0, "it is not offered");
	else if (smtpc_command(c, STR("STARTTLS")) < 0)
		err_temp(&e, errno, "the connection died");
	else if (c->code != 220)
		err_temp(&e, 0, "STARTTLS was rejected with code %d", c->code);
	else if (secure(t, c->in.fd, &c->in, &c->out, tls, &e))
		return smtpc_hello(c, helo) < 0 ? TRANSMIT_PLAIN : TRANSMIT_DONE;
	else if (t->tls.level == OUTTLS_MAY)
		return TRANSMIT_PLAIN;
	if (t->tls.level == OUTTLS_MUST)
		return insecure(t, &e);
	c->code = 250;	/* a host that offers no TLS, or not now, gets plain text */
	return e.num ? TRANSMIT_PLAIN : TRANSMIT_DONE;
}

static enum transmit_end greet(struct transmit *t, struct link *l, struct str helo)
{
	struct smtpc *c = &l->c;

	if (smtpc_reply(c) < 0)
		return next(t, true, 'Z', 0, "Connected to %s but %s before the greeting. (#4.4.2)\n", t->ip, lost_how(errno));
	if (c->code >= 400 && c->code < 500) {
		smtpc_quit(c);
		return next(t, true, 'Z', c->code, "Connected to %s but greeting failed.\nRemote host said: %s", t->ip, c->text.p);
	}
	if (c->code != 220) {
		refused(t, c, "greeting failed");
		smtpc_quit(c);
		return TRANSMIT_DONE;
	}
	if (smtpc_hello(c, helo) < 0) {
		lost(t, false);
		return TRANSMIT_DONE;
	}
	if (c->code == 250 && !t->secured) {
		enum transmit_end r = start_tls(t, c, helo, &l->tls);

		if (r != TRANSMIT_DONE)
			return r;
	}
	if (c->code == 250) {
		transaction(t, l);
		return TRANSMIT_DONE;
	}
	smtpc_quit(c);
	if (c->code >= 400 && c->code < 500 && t->helo_next)
		return next(t, false, 'Z', c->code, "Connected to %s but my name was rejected.\nRemote host said: %s",
			t->ip, c->text.p);
	refused(t, c, "my name was rejected");
	return TRANSMIT_DONE;
}

enum transmit_end transmit_smtp(struct transmit *t, int fd, struct str helo)
{
	struct link *l = mem_alloc(sizeof *l);
	struct err e = {0};

	buf_init(&l->key);
	l->since = clock_mono_ms();
	t->qmtp = t->secured = false;
	if (t->key.n)
		transmit_drop();	/* there is room for one */
	/* its number must not change once TLS is spoken */
	int held = t->key.n ? workers_hold(fd) : -1;

	if (held < 0)
		buf_clear(&t->key);
	l->fd = held < 0 ? fd : held;
	smtpc_init(&l->c, l->fd, t->timeout_ms);
	enum transmit_end r = t->tls.first && !secure(t, l->fd, &l->c.in, &l->c.out, &l->tls, &e) ? insecure(t, &e) :
		greet(t, l, helo);

	if (r == TRANSMIT_PLAIN && t->tls.level == OUTTLS_MUST)
		r = next(t, false, 'Z', 0, "Connected to %s but the connection died within TLS. (#4.4.2)\n", t->ip);
	if (kept == l)
		return r;
	if (held >= 0)
		workers_let_go();
	end_link(l);
	fd_close(held < 0 ? fd : held);
	return r;
}

static void qmtp_rcpt(size_t i, char letter, struct str text, void *arg)
{
	struct transmit *t = arg;

	(void)i;
	buf_fmt(&t->report, "%cRemote host said: %.*s\n", letter == 'K' ? 'r' : letter == 'D' ? 'h' : 's', STR_FMT(text));
	buf_addc(&t->report, 0);
}

enum transmit_end transmit_qmtp(struct transmit *t, int fd)
{
	char in_space[4096], out_space[16384], body_space[65536];
	struct in in, body;
	struct out out;
	struct stat st;
	off_t start = fd_tell(t->mess);
	struct tls *tls = NULL;
	struct err e = {0};

	t->qmtp = true;
	t->secured = false;
	if (start < 0 || file_fstat(t->mess, &st) < 0 || st.st_size < start) {
		transmit_end(t, 'Z', 0, "Unable to read the message: %s. (#4.3.0)\n", strerror(errno));
		return TRANSMIT_DONE;
	}
	in_init(&in, fd, in_space, sizeof in_space);
	out_init(&out, fd, out_space, sizeof out_space);
	in_init(&body, t->mess, body_space, sizeof body_space);
	in.timeout = out.timeout = t->timeout_ms;
	if (t->tls.first && !secure(t, fd, &in, &out, &tls, &e))
		return insecure(t, &e);
	int bad = qmtp_send(&in, &out, &(struct qmtp_mail){.sender = t->sender, .rcpts = t->rcpts, .n = t->n,
		.head = t->head, .body = &body, .size = (uint64_t)(st.st_size - start), .rcpt = qmtp_rcpt, .arg = t});

	if (bad < 0)
		lost(t, true);
	else if (bad == 0)
		transmit_end(t, 'K', 0, "%s accepted message - Protocol QMTP\n", t->ip);
	else
		transmit_end(t, 'D', 0, "Giving up on %s.\n", t->ip);
	tls_close(tls);
	return TRANSMIT_DONE;
}
