/* mimeparam - parameters of MIME fields; see mimeparam.h. */
#include "core/mail/mimeparam.h"

#include "core/base/num.h"
#include "core/base/transfer.h"

struct str mimeparam_type(struct str value)
{
	struct str s = str_trim(str_to(value, str_chr(value, ';')));

	for (size_t i = 0; i < s.n; i++)
		if (chr_blank(s.p[i]) || s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '(')
			return str_to(s, i);
	return s;
}

/* A value up to the next ';', without its quotes and the blanks around it. */
static void unquote(struct str *rest, struct buf *out)
{
	bool quoted = false;
	size_t i = 0, keep = 0;

	*rest = str_trim(*rest);
	for (; i < rest->n && (quoted || rest->p[i] != ';'); i++) {
		char c = rest->p[i];

		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (c == '\\' && quoted && i + 1 < rest->n)
			c = rest->p[++i];
		else if (c == '\r' || c == '\n')
			continue;
		buf_addc(out, c);
		if (quoted || !chr_blank(c))
			keep = out->n;
	}
	buf_trunc(out, keep);
	*rest = str_from(*rest, i < rest->n ? i + 1 : i);
}

/* %41 is A; in front of the first piece stand character set and language: 'utf-8'en'. */
static void percent(struct str s, bool first, struct buf *out)
{
	if (first)
		for (int i = 0; i < 2 && str_chr(s, '\'') < s.n; i++)
			s = str_from(s, str_chr(s, '\'') + 1);
	for (size_t i = 0; i < s.n; i++) {
		uint64_t v;

		if (s.p[i] == '%' && i + 2 < s.n && num_scan_hex(str_to(str_from(s, i + 1), 2), &v) == 2) {
			buf_addc(out, (char)v);
			i += 2;
		} else {
			buf_addc(out, s.p[i]);
		}
	}
}

/* One encoded word at the start of *s: =?charset?B?text?=.  False: none. */
static bool encoded_word(struct str *s, struct buf *out)
{
	struct str rest = str_from(*s, 2);
	size_t mark = str_chr(rest, '?'), end;

	if (!str_starts(*s, STR("=?")) || mark + 2 >= rest.n || rest.p[mark + 2] != '?')
		return false;
	char kind = chr_lower(rest.p[mark + 1]);

	rest = str_from(rest, mark + 3);
	end = str_find(rest, STR("?="));
	if (end == rest.n || (kind != 'b' && kind != 'q'))
		return false;
	struct transfer t = {.kind = kind == 'b' ? TRANSFER_BASE64 : TRANSFER_QUOTED};
	struct buf text = BUF_INIT;

	buf_set(&text, str_to(rest, end));
	for (size_t i = 0; kind == 'q' && i < text.n; i++)
		if (text.p[i] == '_')
			text.p[i] = ' ';
	transfer_line(&t, buf_str(&text), out);
	transfer_line(&t, STR("="), out);	/* a last group without its end */
	buf_free(&text);
	*s = str_from(rest, end + 2);
	return true;
}

static void words(struct str s, struct buf *out)
{
	while (s.n) {
		if (encoded_word(&s, out)) {
			struct str next = str_trim(s);

			if (str_starts(next, STR("=?")))	/* blanks between two are no text */
				s = next;
			continue;
		}
		buf_addc(out, s.p[0]);
		s = str_from(s, 1);
	}
}

struct walk {
	void (*each)(void *ctx, struct str text);
	void *ctx;
	struct buf pieces;
	bool any;	/* pieces are there */
};

/* One parameter "key=value" that has the name; star is what follows the name in its key. */
static void parameter(struct walk *w, struct str star, struct str value)
{
	bool coded = str_ends(star, STR("*")), piece = star.n > 1 && chr_digit(star.p[1]);
	struct buf plain = BUF_INIT;

	if (piece && coded)
		percent(value, !w->any, &w->pieces);
	else if (piece)
		buf_add(&w->pieces, value);
	else if (coded)
		percent(value, true, &plain);
	else
		words(value, &plain);
	w->any |= piece;
	if (!piece)
		w->each(w->ctx, buf_str(&plain));
	buf_free(&plain);
}

void mimeparam_each(struct str value, struct str name, void (*each)(void *ctx, struct str text), void *ctx)
{
	struct walk w = {.each = each, .ctx = ctx, .pieces = BUF_INIT};
	struct buf text = BUF_INIT;

	value = str_from(value, str_chr(value, ';') + 1);
	while (value.n) {
		size_t equals = str_chr(value, '='), end = str_chr(value, ';');

		if (end < equals || equals == value.n) {
			value = str_from(value, end + 1);
			continue;
		}
		struct str key = str_trim(str_to(value, equals)), base = str_to(key, str_chr(key, '*'));

		buf_clear(&text);
		value = str_from(value, equals + 1);
		unquote(&value, &text);
		if (str_ieq(str_trim(base), name))
			parameter(&w, str_from(key, base.n), buf_str(&text));
	}
	if (w.any)
		each(ctx, buf_str(&w.pieces));
	buf_free(&w.pieces);
	buf_free(&text);
}
