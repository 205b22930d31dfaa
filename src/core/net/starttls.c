/* starttls - the dialogue before TLS; see starttls.h. */
#include "core/net/starttls.h"

#include <errno.h>
#include <string.h>

#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/in.h"

enum {
	LINE_MAX_BYTES = 4096,
	LINES_MAX = 100,	/* of a greeting or an answer */
};

struct talk {
	struct in in;
	int wfd;
	long long end;		/* of our patience, clock_mono_ms */
	struct buf line;
	char space[1024];
};

bool starttls_scan(const char *word, enum starttls *kind)
{
	static const char *const names[] = {"", "smtp", "pop3", "imap"};

	for (enum starttls k = STARTTLS_SMTP; k <= STARTTLS_IMAP; k++)
		if (strcmp(word, names[k]) == 0) {
			*kind = k;
			return true;
		}
	return false;
}

/* The next line into t->line: 0, or -1. */
static int next(struct talk *t)
{
	long long left = t->end - clock_mono_ms();
	int r;

	buf_clear(&t->line);
	t->in.timeout = left > 0 ? (int)left : 0;
	r = in_line(&t->in, &t->line, '\n', LINE_MAX_BYTES);
	if (r == 0)
		errno = ECONNRESET;
	return r == 1 ? 0 : -1;
}

/* An SMTP reply, its code; -1: none.  Continued lines carry a dash behind the code. */
static int smtp_reply(struct talk *t, struct buf *text)
{
	for (int i = 0; i < LINES_MAX; i++) {
		if (next(t) < 0)
			return -1;
		const char *p = t->line.p;

		if (text)
			buf_add(text, buf_str(&t->line));
		errno = EPROTO;
		if (t->line.n < 4 || !chr_digit(p[0]) || !chr_digit(p[1]) || !chr_digit(p[2]))
			return -1;
		if (p[3] != '-')
			return (p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0';
	}
	return -1;
}

/* One line that begins with yes (1), or not (0); -1: none. */
static int one_line(struct talk *t, const char *yes, struct buf *text)
{
	if (next(t) < 0)
		return -1;
	if (text)
		buf_add(text, buf_str(&t->line));
	return str_istarts(buf_str(&t->line), str_z(yes));
}

/* The line with our tag; what comes before it is none of our business. */
static int imap_answer(struct talk *t)
{
	for (int i = 0; i < LINES_MAX; i++) {
		int r = one_line(t, "a ", NULL);

		if (r < 0)
			return -1;
		if (r)
			return str_istarts(buf_str(&t->line), STR("a OK")) && t->line.n > 4 &&
				!chr_alnum(t->line.p[4]);
	}
	errno = EPROTO;
	return -1;
}

static int greeted(struct talk *t, enum starttls kind, struct buf *greeting)
{
	switch (kind) {
	case STARTTLS_SMTP: {
		int code = smtp_reply(t, greeting);

		return code < 0 ? -1 : code == 220;
	}
	case STARTTLS_POP3:
		return one_line(t, "+OK", greeting);
	default:
		return one_line(t, "* OK", greeting);
	}
}

static int send_line(struct talk *t, const char *text)
{
	long long left = t->end - clock_mono_ms();

	/* so little always fits a connection on which nothing has been sent; a stuck one must not hold us */
	if (fd_wait(t->wfd, POLLOUT, left > 0 ? (int)left : 0) <= 0)
		return -1;
	return fd_write_all(t->wfd, text, strlen(text));
}

/* Servers that want to be greeted before they hear of TLS say 503. */
static int smtp_asked(struct talk *t)
{
	int code = send_line(t, "STARTTLS\r\n") < 0 ? -1 : smtp_reply(t, NULL);

	if (code != 503)
		return code < 0 ? -1 : code == 220;
	if (send_line(t, "EHLO localhost\r\n") < 0 || smtp_reply(t, NULL) < 0 ||
			send_line(t, "STARTTLS\r\n") < 0)
		return -1;
	code = smtp_reply(t, NULL);
	return code < 0 ? -1 : code == 220;
}

static int asked(struct talk *t, enum starttls kind)
{
	if (kind == STARTTLS_SMTP)
		return smtp_asked(t);
	if (kind == STARTTLS_POP3)
		return send_line(t, "STLS\r\n") < 0 ? -1 : one_line(t, "+OK", NULL);
	return send_line(t, "a STARTTLS\r\n") < 0 ? -1 : imap_answer(t);
}

int starttls_ask(enum starttls kind, int rfd, int wfd, struct buf *greeting, int timeout_ms, struct err *e)
{
	struct talk t = {.wfd = wfd, .end = clock_mono_ms() + timeout_ms, .line = BUF_INIT};
	int r;

	in_init(&t.in, rfd, t.space, sizeof t.space);
	r = greeted(&t, kind, greeting);
	if (r <= 0) {
		r = err_temp(e, r < 0 ? errno : 0, "connected but greeting failed");
		goto out;
	}
	r = asked(&t, kind);
	if (r < 0)
		err_temp(e, errno, "unable to ask for TLS");
	else if (r == 0)
		r = err_perm(e, 0, "STARTTLS rejected");
	else
		r = in_peek(&t.in).n ? err_temp(e, 0, "plain text behind the answer to STARTTLS") : 0;
out:
	buf_free(&t.line);
	return r;
}
