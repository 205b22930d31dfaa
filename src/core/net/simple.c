/* simple - one question, one answer; see simple.h. */
#include "core/net/simple.h"

#include <errno.h>

#include "core/base/crlf.h"
#include "core/net/dial.h"
#include "core/sys/fd.h"
#include "core/sys/relay.h"

struct answer {
	struct crlf cr;
	void (*show)(void *state, struct str text, struct buf *out);
	void *state;
	struct buf plain;
};

static void pass(void *arg, struct str in, bool last, struct buf *out)
{
	struct answer *a = arg;

	buf_clear(&a->plain);
	crlf_del(&a->cr, in, last, &a->plain);
	a->show(a->state, buf_str(&a->plain), out);
}

int simple_ask(const char *host, const char *port, struct str request, int to,
	void (*show)(void *state, struct str text, struct buf *out), void *state, struct err *e)
{
	struct answer a = {.show = show, .state = state, .plain = BUF_INIT};
	struct buf text = BUF_INIT;
	struct sock_end peer;
	int s = dial(&DIAL(host, port), &peer, e), r = -1;

	if (s < 0)
		return -1;
	crlf_add(&(struct crlf){0}, request, true, &text);
	if (fd_write_all(s, text.p, text.n) < 0)
		err_temp(e, errno, "unable to write to %s", host);
	else if (relay_copy(s, to, pass, &a) < 0)
		err_temp(e, errno, "unable to copy the answer");
	else
		r = 0;
	buf_free(&text);
	buf_free(&a.plain);
	fd_close(s);
	return r;
}

void simple_visible(void *state, struct str text, struct buf *out)
{
	(void)state;
	crlf_visible(text, out);
}

/* *state counts: 0 at the start of a line, 1 within one, 2 in the body. */
void simple_body(void *state, struct str text, struct buf *out)
{
	enum { START, WITHIN, BODY };
	int *at = state;

	for (; text.n && *at != BODY; text = str_from(text, 1))
		if (text.p[0] != '\n')
			*at = WITHIN;
		else
			*at = *at == START ? BODY : START;
	buf_add(out, text);
}
