/* outcome - the fate of a recipient in words and fields; see outcome.h. */
#include "queue/outcome.h"

#include "core/net/ip.h"
#include "core/smtp/dsn.h"

enum { VALUE_MAX = 900 };	/* bytes of a text from outside; a line has at most 998 (RFC 5322) */

static const char said[] = "Remote host said: ";

/* Up to three digits. */
static size_t digits(struct str s)
{
	size_t n = 0;

	while (n < s.n && n < 4 && chr_digit(s.p[n]))
		n++;
	return n < 4 ? n : 0;
}

/* The status code at the start of s, of a class that suits the action; the empty view when there is none. */
static struct str code(struct str s, enum outcome_action action)
{
	struct str rest = str_from(s, 2);
	size_t a = s.n > 1 && s.p[1] == '.' ? digits(rest) : 0;

	rest = str_from(rest, a);
	size_t b = a && rest.n && rest.p[0] == '.' ? digits(str_from(rest, 1)) : 0;

	if (!b || !(s.p[0] == '4' || (s.p[0] == '5' && action == OUTCOME_FAILED)))
		return STR("");
	return str_to(s, 2 + a + 1 + b);
}

static struct str last_hash_code(struct str text, enum outcome_action action)
{
	struct str last = STR("");

	for (size_t i = str_find(text, STR("(#")); i < text.n; i = str_find(text, STR("(#"))) {
		text = str_from(text, i + 2);
		struct str c = code(text, action);

		if (c.n)
			last = c;
	}
	return last;
}

/* What the remote host said, from its three digits on; empty: nothing is known of it. */
static struct str reply(struct str text)
{
	size_t at = str_find(text, STR(said));
	struct str r = str_from(text, at + sizeof said - 1);

	return at < text.n && digits(r) == 3 ? r : STR("");
}

void outcome_status(const struct outcome *o, struct buf *b)
{
	static const char *const general[] = {"5.0.0", "4.0.0", "2.0.0", "2.0.0"};
	struct str r = reply(o->text), c;

	if (o->action == OUTCOME_DELIVERED || o->action == OUTCOME_RELAYED) {
		buf_adds(b, general[o->action]);
		return;
	}
	c = code(str_from(r, 4), o->action);
	if (!c.n && str_find(o->text, STR(OUTCOME_TOO_OLD)) < o->text.n)
		c = STR("4.4.7");
	if (!c.n)
		c = last_hash_code(o->text, o->action);
	if (c.n)
		buf_add(b, c);
	else
		buf_adds(b, general[o->action]);
}

/* The address in "Connected to 192.0.2.1 but", "192.0.2.1 accepted message" and the like. */
static struct str remote_ip(struct str text)
{
	static const struct {
		struct str words;
		bool before;
	} marks[] = {{{" does not like recipient", 24}, true}, {{" accepted message", 17}, true},
		{{"Connected to ", 13}, false}, {{"Giving up on ", 13}, false}};
	struct ip ip;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		size_t at = str_find(text, marks[i].words);
		struct str s = marks[i].before ? str_to(text, at) : str_from(text, at + marks[i].words.n);

		if (at == text.n)
			continue;
		size_t n = 0;

		if (marks[i].before) {
			while (n < s.n && s.p[s.n - 1 - n] > 32)
				n++;
			s = str_from(s, s.n - n);
		} else {
			s = str_to(s, str_chr(s, ' '));
			s = str_rtrim(str_to(s, str_chr(s, '\n')));
			s.n -= s.n && s.p[s.n - 1] == '.';
		}
		if (ip_scan(s, &ip))
			return s;
	}
	return STR("");
}

/* One line of printable ASCII from several; those that are empty, or were (see outcome_paragraph), are left out. */
static void one_line(struct str s, struct buf *b)
{
	size_t start = b->n;

	s = str_to(str_rtrim(s), VALUE_MAX);
	while (s.n) {
		struct str line = str_cut(&s, '\n');

		if (!line.n || str_eq(line, STR("/")))
			continue;
		if (b->n > start)
			buf_addc(b, ' ');
		for (size_t i = 0; i < line.n; i++)
			buf_addc(b, line.p[i] == '\t' ? ' ' : line.p[i] < 32 || line.p[i] > 126 ? '?' : line.p[i]);
	}
}

/* The lines of a reply: all that begin with three digits. */
static struct str reply_lines(struct str r)
{
	size_t end = 0;

	while (digits(str_from(r, end)) == 3)
		end += str_chr(str_from(r, end), '\n') + 1;
	return str_to(r, end < r.n ? end : r.n);
}

static void diagnostic(const struct outcome *o, struct buf *b)
{
	struct str r = reply_lines(reply(o->text)), own = str_trim(o->text);

	if (r.n) {
		buf_adds(b, "Diagnostic-Code: smtp; ");
		one_line(r, b);
	} else if (own.n && (o->action == OUTCOME_FAILED || o->action == OUTCOME_DELAYED)) {
		buf_adds(b, "Diagnostic-Code: X-Indimail; ");
		one_line(own, b);
	} else {
		return;
	}
	buf_addc(b, '\n');
}

/* "rfc822;box@host"; an address beyond ASCII has the type utf-8 and is written in ASCII (RFC 6533). */
static void typed_address(struct str addr, struct buf *b)
{
	bool ascii = true;

	for (size_t i = 0; i < addr.n; i++)
		ascii &= addr.p[i] > 0;
	buf_adds(b, ascii ? "rfc822;" : "utf-8;");
	size_t start = b->n;

	dsn_ascii(addr, b);
	if (b->n > start + VALUE_MAX)
		buf_trunc(b, start + VALUE_MAX);
}

void outcome_fields(const struct outcome *o, struct buf *b)
{
	static const char *const actions[] = {"failed", "delayed", "delivered", "relayed"};
	struct str ip = remote_ip(o->text);
	struct dsn d;

	dsn_read(&d, 'y', o->params);
	if (d.orcpt.n) {
		struct str addr = d.orcpt, type = str_cut(&addr, ';');

		buf_fmt(b, "Original-Recipient: %.*s;", STR_FMT(type));
		dsn_plain(addr, b);
		buf_addc(b, '\n');
	}
	buf_adds(b, "Final-Recipient: ");
	typed_address(o->rcpt, b);
	buf_fmt(b, "\nAction: %s\nStatus: ", actions[o->action]);
	outcome_status(o, b);
	buf_addc(b, '\n');
	if (ip.n)
		buf_fmt(b, "Remote-MTA: dns; [%.*s]\n", STR_FMT(ip));
	diagnostic(o, b);
}

void outcome_paragraph(struct str rcpt, struct str text, struct buf *b)
{
	buf_addc(b, '<');
	for (size_t i = 0; i < rcpt.n; i++)
		buf_addc(b, rcpt.p[i] == '\n' ? '_' : rcpt.p[i]);
	buf_adds(b, ">:\n");
	text = str_rtrim(text);
	while (text.n) {
		struct str line = str_cut(&text, '\n');

		buf_add(b, line.n ? line : STR("/"));
		buf_addc(b, '\n');
	}
	buf_addc(b, '\n');
}
