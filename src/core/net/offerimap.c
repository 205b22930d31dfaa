/* offerimap - STARTTLS for servers of IMAP (RFC 9051, 7888); see offer.h.  Only the time before the login is
 * watched: after it there is no STARTTLS. */
#include "core/base/num.h"
#include "core/net/offerstep.h"

/* A literal announced at the end of o->line: its size; *at_once: it follows without being asked for. */
static bool literal(const struct offer *o, uint64_t *size, bool *at_once)
{
	struct str s = str_rtrim(buf_str(&o->line));
	size_t open = str_rchr(s, '{');

	if (!s.n || s.p[s.n - 1] != '}' || open == s.n)
		return false;
	s = str_to(str_from(s, open + 1), s.n - open - 2);
	*at_once = str_ends(s, STR("+"));
	if (*at_once)
		s.n--;
	return num_parse(s, UINT64_MAX, size);
}

static void splice(struct buf *line, size_t at, const char *text)
{
	struct buf whole = BUF_INIT;

	buf_add(&whole, str_to(buf_str(line), at));
	buf_adds(&whole, text);
	buf_add(&whole, str_from(buf_str(line), at));
	buf_set(line, buf_str(&whole));
	buf_free(&whole);
}

static bool has_word(struct str s, struct str word)
{
	for (struct str w; (w = str_word(&s)).n; )
		if (str_ieq(w, word))
			return true;
	return false;
}

/* Capabilities, in a line of their own or in brackets, get one more. */
static void announce(struct offer *o)
{
	struct str line = str_rtrim(buf_str(&o->line)), code;
	size_t open = str_chr(line, '['), end;

	if (str_istarts(line, STR("* CAPABILITY "))) {
		if (!has_word(line, STR("STARTTLS")))
			splice(&o->line, line.n, " STARTTLS");
		return;
	}
	code = str_from(line, open + 1);
	end = str_chr(code, ']');
	if (!str_istarts(code, STR("CAPABILITY ")) || end == code.n ||
			has_word(str_to(code, end), STR("STARTTLS")))
		return;
	splice(&o->line, open + 1 + end, " STARTTLS");
}

/* n bytes of the program go to the client. */
static int program_bytes(struct offer *o, uint64_t n)
{
	while (n) {
		int r = in_fill(&o->program);

		if (r <= 0)
			return r < 0 ? -1 : OFFER_OVER;
		struct str s = in_peek(&o->program);

		if (s.n > n)
			s.n = (size_t)n;
		if (out_add(&o->to_client, s) < 0)
			return -1;
		in_skip(&o->program, s.n);
		n -= s.n;
	}
	return OFFER_GO;
}

/* One response, literals included; o->line is its first line without them. */
static int response(struct offer *o)
{
	uint64_t size;
	bool at_once;
	int r = offer_program_line(o);

	if (r != OFFER_GO)
		return r;
	announce(o);
	buf_set(&o->answer, buf_str(&o->line));
	r = offer_to_client(o);
	while (r == OFFER_GO && literal(o, &size, &at_once)) {
		r = program_bytes(o, size);
		if (r == OFFER_GO)
			r = offer_program_line(o);
		if (r == OFFER_GO)
			r = offer_to_client(o);
	}
	return r;
}

/* What the program waits for when it says "+": the literal that o->line announced, or a line of an exchange.
 * */
static int go_on(struct offer *o, bool pending, uint64_t size)
{
	int r = pending ? offer_bytes(o, size) : OFFER_GO;

	if (r == OFFER_GO)
		r = offer_client_line(o);
	return r == OFFER_GO ? offer_to_program(o) : r;
}

/* Pass a command on in all its parts and its answer back.  tag: with a blank behind it. */
static int exchange(struct offer *o, struct str tag, bool *ok)
{
	uint64_t size = 0;
	bool at_once = false, pending;
	int r = offer_to_program(o);

	for (;;) {
		pending = r == OFFER_GO && literal(o, &size, &at_once);
		while (pending && at_once && r == OFFER_GO) {
			r = go_on(o, true, size);
			pending = r == OFFER_GO && literal(o, &size, &at_once);
		}
		do {
			if (r == OFFER_GO)
				r = response(o);
			if (r != OFFER_GO)
				return r;
			if (str_istarts(buf_str(&o->answer), tag)) {
				*ok = str_istarts(str_from(buf_str(&o->answer), tag.n), STR("OK"));
				return OFFER_GO;
			}
		} while (!str_starts(buf_str(&o->answer), STR("+")));
		r = go_on(o, pending, size);
	}
}

static int command(struct offer *o)
{
	struct str rest = buf_str(&o->line), tag = str_word(&rest), verb = str_word(&rest);
	struct buf mark = BUF_INIT;
	bool ok = false, login = str_ieq(verb, STR("LOGIN")) || str_ieq(verb, STR("AUTHENTICATE"));
	int r;

	/* what is no command has no answer to wait for */
	if (!verb.n || tag.p != o->line.p || str_chr(tag, '+') < tag.n || str_chr(tag, '*') < tag.n)
		return offer_to_program(o) < 0 ? -1 : OFFER_RAW;
	if (str_ieq(verb, STR("LOGOUT")))
		return offer_to_program(o) < 0 ? -1 : OFFER_RAW;
	buf_fmt(&mark, "%.*s ", STR_FMT(tag));
	if (str_ieq(verb, STR("STARTTLS"))) {
		buf_adds(&mark, str_trim(rest).n ? "BAD no parameters, please\r\n" :
			"OK Begin TLS negotiation now\r\n");
		r = str_trim(rest).n ? offer_say(o, mark.p) : offer_begin(o, mark.p);
	} else {
		r = exchange(o, buf_str(&mark), &ok);
	}
	buf_free(&mark);
	return r == OFFER_GO && ok && login ? OFFER_RAW : r;
}

int offer_imap(struct offer *o)
{
	int r = response(o);

	if (r == OFFER_GO && !str_istarts(buf_str(&o->answer), STR("* OK")))
		return OFFER_RAW;	/* in already, or sent away */
	while (r == OFFER_GO) {
		r = offer_command(o);
		if (r == OFFER_GO)
			r = command(o);
	}
	return r;
}
