/* compose - from a draft's header to one that can be sent; see compose.h. */
#include "core/mail/compose.h"

#include "core/mail/head.h"

enum {
	REWRITE = 1,	/* an address list */
	RCPT = 2,	/* its mailboxes are recipients */
	DROP = 4,	/* not sent */
	PATH = 8,	/* its mailbox is the envelope sender */
	VISIBLE = 16,	/* counts for Mail-Followup-To */
};

static const struct kind {
	const char *name;
	unsigned what;
	unsigned seen;
	bool resent;		/* whether there is a Resent- form with the same meaning */
} kinds[] = {
	{"To", REWRITE | RCPT | VISIBLE, SEEN_TO, true},
	{"Cc", REWRITE | RCPT | VISIBLE, SEEN_CC, true},
	{"Bcc", REWRITE | RCPT | DROP, 0, true},
	{"Apparently-To", REWRITE | RCPT, 0, false},
	{"From", REWRITE, SEEN_FROM, true},
	{"Sender", REWRITE, 0, true},
	{"Reply-To", REWRITE, 0, true},
	{"Date", 0, SEEN_DATE, true},
	{"Message-ID", 0, SEEN_ID, true},
	{"Return-Path", REWRITE | PATH | DROP, 0, false},
	{"Return-Receipt-To", REWRITE, 0, false},
	{"Errors-To", REWRITE, 0, false},
	{"Mail-Followup-To", 0, SEEN_FOLLOWUP, false},
	{"Content-Length", DROP, 0, false},
};

static const struct kind *find(struct str name, bool resent)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_ieq(name, str_z(kinds[i].name)) && (kinds[i].resent || !resent))
			return &kinds[i];
	return NULL;
}

void compose_init(struct compose *c, addr_value *value, void *ctx)
{
	*c = (struct compose){.value = value, .ctx = ctx, .fields = BUF_INIT, .to = BUF_INIT,
		.resent_to = BUF_INIT, .visible = BUF_INIT, .sender = BUF_INIT};
}

void compose_free(struct compose *c)
{
	buf_free(&c->fields);
	buf_free(&c->to);
	buf_free(&c->resent_to);
	buf_free(&c->visible);
	buf_free(&c->sender);
}

struct reading {
	struct compose *c;
	unsigned what;
	bool resent;
};

static void note(struct buf *list, const struct addr *a)
{
	buf_add(list, buf_str(&a->text));
	buf_addc(list, 0);
}

static void each(void *ctx, struct addr *a)
{
	struct reading *r = ctx;

	addr_complete(a, r->c->value, r->c->ctx);
	if (r->what & PATH) {
		buf_set(&r->c->sender, buf_str(&a->text));
		r->c->sender_given = true;
	}
	if (r->what & RCPT && a->text.n)
		note(r->resent ? &r->c->resent_to : &r->c->to, a);
	if (r->what & VISIBLE && !r->resent && a->text.n)
		note(&r->c->visible, a);
}

/* Parse a field of addresses and put its new form to the others unless it is dropped. */
static int rewrite(struct reading *r, const struct head_field *f, struct err *e)
{
	struct buf *b = &r->c->fields;
	size_t start = b->n;
	struct err why;

	buf_add(b, f->name);
	buf_addc(b, ':');
	if (addr_list(f->value, each, r, b, &why) < 0) {
		struct str line = str_to(f->all, str_chr(f->all, '\n'));

		return err_perm(e, 0, "unable to parse this line (%s): %.*s", why.text,
			(int)(line.n < 120 ? line.n : 120), line.p);
	}
	buf_addc(b, '\n');
	if (r->what & DROP)
		buf_trunc(b, start);
	return 0;
}

static void keep(struct buf *b, struct str lines)
{
	buf_add(b, lines);
	if (!str_ends(lines, STR("\n")))
		buf_addc(b, '\n');
}

static int field(struct compose *c, const struct head_field *f, struct err *e)
{
	static const struct kind unknown;
	struct reading r = {.c = c, .resent = str_istarts(f->name, STR("Resent-"))};
	const struct kind *k = find(r.resent ? str_from(f->name, 7) : f->name, r.resent);

	if (!k)
		k = &unknown;
	c->resent = c->resent || r.resent;
	if ((k->seen == SEEN_FROM && c->drop_from) || (k->seen == SEEN_ID && c->drop_id) ||
		(k->what & PATH && c->ignore_path))
		return 0;
	*(r.resent ? &c->resent_seen : &c->seen) |= k->seen;
	r.what = k->what;
	if (k->what & REWRITE)
		return rewrite(&r, f, e);
	if (!(k->what & DROP))
		keep(&c->fields, f->all);
	return 0;
}

/* The line that mailbox files put before a message becomes a field. */
static void mailbox_line(struct compose *c, struct str *header)
{
	size_t n = str_chr(*header, '\n');

	if (!str_starts(*header, STR("From ")))
		return;
	buf_adds(&c->fields, "MBOX-Line: ");
	keep(&c->fields, str_to(*header, n + 1));
	*header = str_from(*header, n + 1);
}

int compose_header(struct compose *c, struct str header, struct err *e)
{
	struct head_field f;
	int r;

	mailbox_line(c, &header);
	while ((r = head_next(&header, &f, e)) > 0)
		if (field(c, &f, e) < 0)
			return -1;
	return r;
}

static void same(void *ctx, struct addr *a)
{
	(void)ctx;
	(void)a;
}

void compose_list(struct buf *b, const char *name, struct str list)
{
	struct buf text = BUF_INIT;
	struct err e;

	for (struct str rest = list; rest.n; ) {
		struct addr a = ADDR_INIT;

		buf_add(&a.text, str_cut(&rest, 0));
		a.at = str_rchr(buf_str(&a.text), '@');
		if (text.n)
			buf_adds(&text, ", ");
		addr_quote(&text, &a);
		addr_free(&a);
	}
	buf_fmt(b, "%s:", name);
	/* our own quoting always parses */
	addr_list(buf_str(&text), same, NULL, b, &e);
	buf_addc(b, '\n');
	buf_free(&text);
}
