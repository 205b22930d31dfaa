/* received - trace lines; see received.h. */
#include "core/mail/received.h"

#include <string.h>

#include "core/mail/date.h"

static bool safe(char c)
{
	return chr_alnum(c) || (c && strchr(".@%+/=:-_[] ", c));
}

static void add_safe(struct buf *b, struct str s)
{
	size_t start = b->n;

	buf_add(b, s);
	for (size_t i = start; i < b->n; i++)
		if (!safe(b->p[i]))
			b->p[i] = '?';
}

static void add_client(struct buf *b, const struct received *r)
{
	buf_adds(b, " (");
	if (r->info) {
		add_safe(b, str_z(r->info));
		buf_addc(b, '@');
	}
	add_safe(b, str_z(r->ip));
	buf_addc(b, ')');
}

/* "(words)": what others wrote stays within its parentheses. */
static void add_remark(struct buf *b, const char *open, const char *words)
{
	size_t start;

	buf_adds(b, open);
	start = b->n;
	buf_adds(b, words);
	for (size_t i = start; i < b->n; i++)
		if (!safe(b->p[i]) && b->p[i] != ',')
			b->p[i] = '?';
	buf_addc(b, ')');
}

void received_add(struct buf *b, const struct received *r)
{
	buf_fmt(b, "Received: indimail-mta %s %ld", r->program, r->pid);
	if (r->host) {
		buf_adds(b, " from ");
		add_safe(b, str_z(r->host));
	}
	if (r->helo.n) {
		buf_adds(b, " (HELO ");
		add_safe(b, r->helo);
		buf_addc(b, ')');
	}
	if (r->ip)
		add_client(b, r);
	buf_adds(b, "\n  by ");
	add_safe(b, str_z(r->local));
	buf_fmt(b, " with %s", r->protocol);
	if (r->tls)
		add_remark(b, " (", r->tls);
	if (r->cert)
		add_remark(b, " (cert ", r->cert);
	if (r->provider)
		add_remark(b, "\n  (tls provider ", r->provider);
	buf_adds(b, "; ");
	date_rfc822(b, r->when);
	buf_addc(b, '\n');
}
