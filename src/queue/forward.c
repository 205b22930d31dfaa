/* forward - header lines of the forwarder, then the message; see forward.h. */
#include "queue/forward.h"

#include "core/smtp/dsn.h"
#include "core/sys/fd.h"
#include "queue/client.h"
#include "queue/queueprog.h"

enum { BLOCK = 65536 };

static void put_head(const struct forward *f, struct client *c)
{
	struct buf b = BUF_INIT;

	buf_add(&b, f->dtline);
	for (size_t i = 0; i < f->n; i++)
		buf_fmt(&b, "X-Forwarded-To: %.*s\n", STR_FMT(f->to[i]));
	buf_fmt(&b, "X-Forwarded-For: %.*s\n", STR_FMT(f->sender));
	buf_add(&b, f->extra);
	client_put(c, b.p, b.n);
	buf_free(&b);
}

static void put_message(const struct forward *f, struct client *c)
{
	char block[BLOCK];
	ssize_t r;

	while ((r = fd_read(f->fd, block, sizeof block)) > 0)
		client_put(c, block, (size_t)r);
	if (r < 0)
		client_fail(c);
}

bool forward_params(struct forward *f, struct str sender, bool alone, struct buf *mail, struct buf *rcpt)
{
	struct dsn m, r;

	dsn_environment(&m, &r);
	if (!str_eq(f->sender, sender) || !queueprog_takes_params())
		return false;
	if (!alone || f->n != 1) {
		m = (struct dsn){0};
		r = (struct dsn){.notify = r.notify & DSN_NEVER};
	}
	dsn_write(&m, mail);
	dsn_write(&r, rcpt);
	f->mail_params = buf_str(mail);
	f->rcpt_params = buf_str(rcpt);
	return r.notify & DSN_SUCCESS;
}

int forward_send(const struct forward *f, unsigned long *qp, struct buf *why)
{
	struct client *c = client_new();
	struct err e = {0};
	int code = 111;

	client_last(c);
	buf_clear(why);
	if (client_open(c, &e) < 0) {
		buf_adds(why, e.text);
		goto out;
	}
	put_head(f, c);
	put_message(f, c);
	client_from(c, f->sender);
	client_params(c, f->mail_params);
	for (size_t i = 0; i < f->n; i++) {
		client_to(c, f->to[i]);
		client_params(c, f->rcpt_params);
	}
	const char *answer = client_close(c);

	code = *answer == 0 ? 0 : *answer == 'D' ? 100 : 111;
	if (code)
		buf_adds(why, answer + 1);
	else
		*qp = client_qp(c);
out:
	client_free(c);
	return code;
}
