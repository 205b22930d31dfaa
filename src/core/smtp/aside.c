/* aside - sessions put aside; see aside.h. */
#include "core/smtp/aside.h"

#include <string.h>

#include "core/smtp/envrules.h"

enum { RCPTS_MAX = 16384 };

/* What is no text. */
struct fixed {
	bool helo_seen, esmtp, enhanced, mail_seen, size_refused, body_utf8, secured, relay, stale;
	uint64_t rcpt_count;
};

bool aside_possible(const struct session *s)
{
	return s->between && !s->line.n && !s->tls && !in_peek(s->in).n && s->rcpts.n <= RCPTS_MAX && !s->reply.out->failed;
}

static void put(struct buf *out, const void *p, size_t n)
{
	uint32_t len = (uint32_t)n;

	buf_put(out, &len, sizeof len);
	buf_put(out, p, n);
}

static bool get(struct str *rest, struct str *s)
{
	uint32_t len;

	if (rest->n < sizeof len)
		return false;
	memcpy(&len, rest->p, sizeof len);
	*rest = str_from(*rest, sizeof len);
	if (len > rest->n)
		return false;
	*s = str_to(*rest, len);
	*rest = str_from(*rest, len);
	return true;
}

static int damaged(struct err *e)
{
	return err_temp(e, 0, "what was put aside is damaged");
}

void aside_write(const struct session *s, struct buf *out)
{
	const struct buf *texts[] = {&s->helo, &s->sender, &s->auth_param, &s->params, &s->rcpts, &s->cert_email};
	struct buf changes = BUF_INIT;
	struct fixed f;

	memset(&f, 0, sizeof f);
	f.helo_seen = s->helo_seen;
	f.esmtp = s->esmtp;
	f.enhanced = s->reply.enhanced;
	f.mail_seen = s->mail_seen;
	f.size_refused = s->size_refused;
	f.body_utf8 = s->body_utf8;
	f.secured = s->secured;
	f.relay = s->conf->relay;
	f.stale = s->stale;
	f.rcpt_count = s->rcpt_count;
	put(out, &f, sizeof f);
	put(out, &s->facts, s->secured ? sizeof s->facts : 0);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put(out, texts[i]->p, texts[i]->n);
	envrules_changes(s, &changes);
	put(out, changes.p, changes.n);
	buf_free(&changes);
}

int aside_read(struct session *s, struct str text, struct err *e)
{
	struct buf *texts[] = {&s->helo, &s->sender, &s->auth_param, &s->params, &s->rcpts, &s->cert_email};
	struct str fixed, facts, t, changes;
	struct fixed f;

	if (!get(&text, &fixed) || fixed.n != sizeof f || !get(&text, &facts))
		return damaged(e);
	memcpy(&f, fixed.p, sizeof f);
	if (facts.n != (f.secured ? sizeof s->facts : 0))
		return damaged(e);
	memcpy(&s->facts, facts.p, facts.n);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (!get(&text, &t))
			return damaged(e);
		buf_set(texts[i], t);
	}
	if (!get(&text, &changes))
		return damaged(e);
	s->helo_seen = f.helo_seen;
	s->esmtp = f.esmtp;
	s->reply.enhanced = f.enhanced;
	s->mail_seen = f.mail_seen;
	s->size_refused = f.size_refused;
	s->body_utf8 = f.body_utf8;
	s->secured = f.secured;
	s->rcpt_count = (size_t)f.rcpt_count;
	s->conf->relay = f.relay;
	return envrules_resume(s, changes, f.stale, e);
}
