/* addr - mailboxes in lists; see addr.h.  Tokens come from token.h; an element of the list is everything up
 * to the next separator, looked at once to see what it is and once to read it. */
#include "core/mail/addr.h"

#include "core/mail/quote.h"
#include "core/mail/token.h"

/* The list on its way out. */
struct writer {
	struct buf *out;
	size_t column;
	bool begun;	/* something was written */
	bool comma;	/* the next mailbox needs one before it */
};

struct parser {
	struct tokens t;
	size_t i;		/* the next token */
	bool group;		/* between ':' and ';' */
	struct writer w;
	struct addr mailbox;
	addr_each *each;
	void *ctx;
	struct err *e;
};

static int bad(struct parser *p, const char *what)
{
	return err_perm(p->e, 0, "%s", what);
}

static void piece(struct writer *w, struct str s, bool blank)
{
	bool fold = blank && w->begun && w->column + 1 + s.n > ADDR_COLUMNS;

	if (fold)
		buf_adds(w->out, "\n  ");
	else if (blank)
		buf_addc(w->out, ' ');
	w->column = (fold ? 2 : w->column + blank) + s.n;
	w->begun = true;
	buf_add(w->out, s);
}

static void separate(struct writer *w)
{
	if (w->comma)
		piece(w, STR(","), false);
	w->comma = true;
}

static void write_comments(struct parser *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (p->t.list.p[i].kind == TOKEN_COMMENT)
			piece(&p->w, token_text(&p->t, i), true);
}

/* The words before a '<' or the ':' of a group, spaced as they were. */
static void write_phrase(struct parser *p, size_t from, size_t to)
{
	struct buf b = BUF_INIT;

	for (size_t i = from; i < to; i++) {
		enum token_kind kind = p->t.list.p[i].kind;

		buf_clear(&b);
		if (kind == TOKEN_QUOTED)
			quote_always(&b, token_text(&p->t, i));
		else if (kind == TOKEN_ATOM)
			addr_phrase(&b, token_text(&p->t, i));
		else
			buf_add(&b, token_text(&p->t, i));
		piece(&p->w, buf_str(&b), i == from || p->t.list.p[i].blank);
	}
	buf_free(&b);
}

static enum token_kind kind_at(const struct parser *p, size_t i)
{
	return p->t.list.p[i].kind;
}

/* Are the tokens behind the last '@' dots and atoms, or one literal? */
static bool host_good(const struct parser *p, size_t from, size_t to)
{
	size_t parts = 0;
	bool literal = false;

	for (size_t i = from; i < to; i++) {
		struct str s = token_text(&p->t, i);

		if (kind_at(p, i) == TOKEN_COMMENT)
			continue;
		parts++;
		if (kind_at(p, i) == TOKEN_QUOTED)
			return false;
		literal = literal || kind_at(p, i) == TOKEN_LITERAL;
		for (size_t k = 0; kind_at(p, i) == TOKEN_ATOM && k < s.n; k++)
			if (!token_plain(s.p[k]))
				return false;
	}
	return parts && (!literal || parts == 1);
}

/* Is [i, to) comments only? */
static bool no_more(const struct parser *p, size_t i, size_t to)
{
	while (i < to && kind_at(p, i) == TOKEN_COMMENT)
		i++;
	return i == to;
}

/* Behind or before everything these mean nothing. */
static bool stray(enum token_kind kind, bool dot)
{
	return kind == TOKEN_AT || kind == TOKEN_COMMENT || (dot && kind == TOKEN_DOT);
}

/* Cut off what rewriting drops: a route, final dots, an '@' at either end. */
static void strip(const struct parser *p, size_t *from, size_t *to)
{
	size_t i = *from, end = *to;

	while (i < end && kind_at(p, i) == TOKEN_COMMENT)
		i++;
	size_t route = i;

	while (route < end && kind_at(p, i) == TOKEN_AT && kind_at(p, route) != TOKEN_COLON)
		route++;
	if (route < end && route > i)
		i = route + 1;
	while (end > i && stray(kind_at(p, end - 1), true))
		end--;
	while (i < end && stray(kind_at(p, i), false))
		i++;
	*from = i;
	*to = end;
}

/* Put the tokens of one mailbox together and let the caller see it. */
static int mailbox(struct parser *p, size_t from, size_t to)
{
	struct addr *a = &p->mailbox;
	bool given = !no_more(p, from, to);
	size_t at = 0;	/* where the host begins */

	strip(p, &from, &to);
	buf_clear(&a->text);
	for (size_t i = from; i < to; i++) {
		enum token_kind kind = kind_at(p, i);

		if (kind == TOKEN_COMMENT)
			continue;
		if (kind == TOKEN_COMMA || kind == TOKEN_COLON || kind == TOKEN_SEMI)
			return bad(p, "separator inside an address");
		if (kind == TOKEN_AT) {
			a->at = a->text.n;
			at = i + 1;
		}
		buf_add(&a->text, token_text(&p->t, i));
	}
	if (!at)
		a->at = a->text.n;
	if (given && !a->text.n)
		return bad(p, "address without a name");
	if (at && !host_good(p, at, to))
		return bad(p, "impossible host name");
	p->each(p->ctx, a);
	return 0;
}

static void write_mailbox(struct parser *p, bool angle, bool phrase)
{
	struct buf b = BUF_INIT;

	if (angle)
		buf_addc(&b, '<');
	addr_quote(&b, &p->mailbox);
	if (angle)
		buf_addc(&b, '>');
	if (!phrase)
		separate(&p->w);
	if (b.n)
		piece(&p->w, buf_str(&b), true);
	buf_free(&b);
}

/* phrase <mailbox>: the phrase is [i, angle). */
static int angle_address(struct parser *p, size_t angle)
{
	size_t end = angle + 1, start = p->i;

	while (end < p->t.list.n && kind_at(p, end) != TOKEN_GT && kind_at(p, end) != TOKEN_LT)
		end++;
	if (end == p->t.list.n || kind_at(p, end) == TOKEN_LT)
		return bad(p, "< without >");
	if (mailbox(p, angle + 1, end) < 0)
		return -1;
	if (angle > start) {
		separate(&p->w);
		write_phrase(p, start, angle);
	}
	write_mailbox(p, true, angle > start);
	write_comments(p, angle + 1, end);
	for (p->i = end + 1; p->i < p->t.list.n && kind_at(p, p->i) == TOKEN_COMMENT; p->i++)
		write_comments(p, p->i, p->i + 1);
	return 0;
}

static bool is_word(enum token_kind kind)
{
	return kind == TOKEN_ATOM || kind == TOKEN_QUOTED || kind == TOKEN_LITERAL;
}

/* Where the mailbox that begins at i ends: before a word that follows a word with a gap between. */
static size_t bare_end(const struct parser *p, size_t i, size_t to)
{
	bool word = false, gap = false;

	for (; i < to; i++) {
		enum token_kind kind = kind_at(p, i);

		gap = gap || p->t.list.p[i].blank || kind == TOKEN_COMMENT;
		if (kind == TOKEN_COMMENT)
			continue;
		if (word && gap && is_word(kind))
			break;
		word = is_word(kind);
		gap = false;
	}
	return i;
}

/* Mailboxes without brackets up to the separator at token to. */
static int bare_addresses(struct parser *p, size_t to)
{
	while (p->i < to) {
		size_t end = bare_end(p, p->i, to);

		if (!no_more(p, p->i, end)) {
			if (mailbox(p, p->i, end) < 0)
				return -1;
			write_mailbox(p, false, false);
		}
		write_comments(p, p->i, end);
		p->i = end;
	}
	return 0;
}

static int colon(struct parser *p, size_t to)
{
	/* a source route outside brackets */
	if (to > p->i && kind_at(p, p->i) == TOKEN_AT) {
		p->i = to + 1;
		return 0;
	}
	if (p->group)
		return bad(p, "group inside a group");
	if (no_more(p, p->i, to))
		return bad(p, "group without a name");
	separate(&p->w);
	write_phrase(p, p->i, to);
	piece(&p->w, STR(":"), false);
	p->w.comma = false;
	p->group = true;
	p->i = to + 1;
	return 0;
}

static int semicolon(struct parser *p)
{
	if (p->group)
		piece(&p->w, STR(";"), !p->w.comma);
	p->w.comma = p->w.comma || p->group;
	p->group = false;
	p->i++;
	return 0;
}

static int element(struct parser *p)
{
	size_t to = p->i;

	while (to < p->t.list.n && kind_at(p, to) <= TOKEN_AT)
		to++;
	if (to == p->t.list.n)
		return bare_addresses(p, to);
	switch (kind_at(p, to)) {
	case TOKEN_LT:
		return angle_address(p, to);
	case TOKEN_GT:
		return bad(p, "> without <");
	case TOKEN_COLON:
		return colon(p, to);
	default:
		if (bare_addresses(p, to) < 0)
			return -1;
	}
	if (kind_at(p, to) == TOKEN_SEMI)
		return semicolon(p);
	p->i++;
	return 0;
}

int addr_list(struct str value, addr_each *each, void *ctx, struct buf *out, struct err *e)
{
	struct parser p = {.t = TOKENS_INIT, .mailbox = ADDR_INIT, .each = each, .ctx = ctx, .e = e};
	int r = tokens_read(&p.t, value, e);
	size_t line = str_rchr(buf_str(out), '\n');

	p.w.out = out;
	p.w.column = line < out->n ? out->n - line - 1 : out->n;
	while (r == 0 && p.i < p.t.list.n)
		r = element(&p);
	if (r == 0 && p.group)
		semicolon(&p);
	tokens_free(&p.t);
	addr_free(&p.mailbox);
	return r;
}

struct only {
	struct addr addr;
	unsigned count;
};

static void take(void *ctx, struct addr *a)
{
	struct only *o = ctx;

	buf_set(&o->addr.text, buf_str(&a->text));
	o->addr.at = a->at;
	o->count++;
}

/* One mailbox in header form and nothing else?  Otherwise the word is meant literally. */
static bool bracketed(struct str word, struct addr *a)
{
	struct buf unused = BUF_INIT;
	struct only o = {ADDR_INIT, 0};
	struct err e;
	bool one = addr_list(word, take, &o, &unused, &e) == 0 && o.count == 1;

	if (one) {
		buf_set(&a->text, buf_str(&o.addr.text));
		a->at = o.addr.at;
	}
	buf_free(&unused);
	addr_free(&o.addr);
	return one;
}

int addr_word(struct str word, struct addr *a, struct err *e)
{
	for (size_t i = 0; i < word.n; i++)
		if (!word.p[i] || word.p[i] == '\n' || word.p[i] == '\r')
			return err_perm(e, 0, "line end or zero byte in an address");
	if (word.n && (word.p[0] == '<' || word.p[0] == '"') && bracketed(word, a))
		return 0;
	struct str s = word;

	if (s.n && s.p[0] == '@' && str_chr(s, ':') < s.n)
		s = str_from(s, str_chr(s, ':') + 1);
	if (str_ends(s, STR(".")))
		s.n--;
	while (s.n && s.p[0] == '@')
		s = str_from(s, 1);
	while (str_ends(s, STR("@")))
		s.n--;
	if (word.n && !s.n)
		return err_perm(e, 0, "address without a name");
	buf_set(&a->text, s);
	a->at = str_rchr(s, '@');
	return 0;
}

void addr_complete(struct addr *a, addr_value *value, void *ctx)
{
	if (!a->text.n)
		return;
	if (a->at == a->text.n) {
		buf_addc(&a->text, '@');
		buf_add(&a->text, value(ctx, ADDR_HOST));
	}
	struct str host = str_from(buf_str(&a->text), a->at + 1);

	if (str_starts(host, STR("[")))
		return;
	if (str_ends(host, STR("+"))) {
		buf_trunc(&a->text, a->text.n - 1);
		if (host.n > 1)
			buf_addc(&a->text, '.');
		buf_add(&a->text, value(ctx, ADDR_PLUS));
		host = str_from(buf_str(&a->text), a->at + 1);
	}
	if (str_chr(host, '.') == host.n) {
		buf_addc(&a->text, '.');
		buf_add(&a->text, value(ctx, ADDR_DOMAIN));
	}
}

void addr_phrase(struct buf *b, struct str name)
{
	bool plain = name.n > 0 && !chr_blank(name.p[0]) && !chr_blank(name.p[name.n - 1]);

	for (size_t i = 0; i < name.n; i++)
		plain = plain && (token_plain(name.p[i]) || name.p[i] == ' ');
	if (plain)
		buf_add(b, name);
	else
		quote_always(b, name);
}

void addr_comment(struct buf *b, struct str text)
{
	buf_addc(b, '(');
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '(' || c == ')' || c == '\\')
			buf_addc(b, '\\');
		buf_addc(b, c && c != '\r' && c != '\n' ? c : '_');
	}
	buf_addc(b, ')');
}

void addr_quote(struct buf *b, const struct addr *a)
{
	struct str s = buf_str(&a->text);

	if (s.n)
		quote_box(b, str_to(s, a->at));
	buf_add(b, str_from(s, a->at));
}

void addr_free(struct addr *a)
{
	buf_free(&a->text);
}
