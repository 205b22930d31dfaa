/* offerpop3 - STLS for servers of POP3 (RFC 1939, 2449, 5034); see offer.h.  Only the time before the login
 * is watched: after it there is no STLS. */
#include "core/net/offerstep.h"

static bool positive(const struct offer *o)
{
	return str_istarts(buf_str(&o->line), STR("+OK"));
}

static bool last(const struct offer *o)
{
	return str_eq(str_rtrim(buf_str(&o->line)), STR("."));
}

/* The answer to o->line; *ok: it is positive. */
static int ask(struct offer *o, bool *ok)
{
	int r = offer_to_program(o);

	if (r == OFFER_GO)
		r = offer_program_line(o);
	if (r != OFFER_GO)
		return r;
	*ok = positive(o);
	return offer_to_client(o);
}

/* Lines up to one that is a dot alone. */
static int list(struct offer *o)
{
	int r;

	do {
		r = offer_program_line(o);
		if (r == OFFER_GO)
			r = offer_to_client(o);
	} while (r == OFFER_GO && !last(o));
	return r;
}

/* A program without CAPA has this much to offer all the same. */
static int capabilities(struct offer *o)
{
	bool offered = false, more;
	int r = offer_to_program(o);

	if (r == OFFER_GO)
		r = offer_program_line(o);
	if (r == OFFER_GO) {
		more = positive(o);
		r = offer_say(o, "+OK Here's what I can do:\r\n");
	}
	while (r == OFFER_GO && more && (r = offer_program_line(o)) == OFFER_GO) {
		offered = offered || str_ieq(str_trim(buf_str(&o->line)), STR("STLS"));
		if (last(o))
			break;
		r = offer_to_client(o);
	}
	if (r == OFFER_GO)
		r = offer_say(o, offered ? ".\r\n" : "STLS\r\n.\r\n");
	return r;
}

/* AUTH alone lists mechanisms; the program asks on with "+ ", and what answers it is no command. */
static int auth(struct offer *o)
{
	bool alone = !offer_args(o).n, ok = false;
	int r = ask(o, &ok);

	while (r == OFFER_GO && str_starts(buf_str(&o->line), STR("+")) && !ok) {
		r = offer_client_line(o);
		if (r == OFFER_GO)
			r = ask(o, &ok);
	}
	if (r != OFFER_GO || !ok)
		return r;
	return alone ? list(o) : OFFER_RAW;
}

static int command(struct offer *o)
{
	bool login = offer_verb(o, "PASS") || offer_verb(o, "APOP"), quit = offer_verb(o, "QUIT"), ok;
	bool lists = offer_verb(o, "LANG") && !offer_args(o).n;
	int r;

	if (offer_verb(o, "STLS"))
		return offer_args(o).n ? offer_say(o, "-ERR no parameters, please\r\n") :
			offer_begin(o, "+OK Begin SSL/TLS negotiation now.\r\n");
	if (offer_verb(o, "CAPA"))
		return capabilities(o);
	if (offer_verb(o, "AUTH"))
		return auth(o);
	if (quit)
		return offer_to_program(o) < 0 ? -1 : OFFER_RAW;
	r = ask(o, &ok);
	if (r == OFFER_GO && ok && lists)
		return list(o);
	return r == OFFER_GO && ok && login ? OFFER_RAW : r;
}

int offer_pop3(struct offer *o)
{
	int r = offer_program_line(o);

	if (r == OFFER_GO)
		r = offer_to_client(o);
	while (r == OFFER_GO) {
		r = offer_command(o);
		if (r == OFFER_GO)
			r = command(o);
	}
	return r;
}
