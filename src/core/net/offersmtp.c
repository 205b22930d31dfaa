/* offersmtp - STARTTLS for servers of SMTP; see offer.h. */
#include <string.h>

#include "core/base/num.h"
#include "core/net/offerstep.h"
#include "core/sys/fd.h"

/* The code of the reply line in o->line, 0 when it is none; *more: another line follows. */
static int code_of(const struct offer *o, bool *more)
{
	const char *p = o->line.p;

	*more = false;
	if (o->line.n < 4 || !chr_digit(p[0]) || !chr_digit(p[1]) || !chr_digit(p[2]))
		return 0;
	*more = p[3] == '-';
	return (p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0';
}

static int reply(struct offer *o, int *code)
{
	bool more = true;
	int r = OFFER_GO;

	while (more && (r = offer_program_line(o)) == OFFER_GO) {
		*code = code_of(o, &more);
		if ((r = offer_to_client(o)) != OFFER_GO)
			break;
	}
	return r;
}

/* The line that announces us, with the end its neighbours have. */
static int announce(struct offer *o, char sep, bool cr)
{
	return out_fmt(&o->to_client, "250%cSTARTTLS%s", sep, cr ? "\r\n" : "\n") < 0 ? -1 : OFFER_GO;
}

/* The last line of an accepted EHLO: before it, or when it is the only one after it, comes ours. */
static int last_line(struct offer *o, bool first)
{
	bool cr = str_ends(buf_str(&o->line), STR("\r\n"));
	int r;

	if (!first && (r = announce(o, '-', cr)) != OFFER_GO)
		return r;
	if (first)
		o->line.p[3] = '-';
	r = offer_to_client(o);
	return first && r == OFFER_GO ? announce(o, ' ', cr) : r;
}

static int ehlo_reply(struct offer *o)
{
	bool more = true, first = true, offered = false;
	int r = OFFER_GO;

	while (more && (r = offer_program_line(o)) == OFFER_GO) {
		int code = code_of(o, &more);

		offered = offered || (!first &&
			str_ieq(str_trim(str_from(buf_str(&o->line), 4)), STR("STARTTLS")));
		r = code != 250 || more || offered ? offer_to_client(o) : last_line(o, first);
		if (r != OFFER_GO)
			break;
		first = false;
		o->mail = o->mail && code != 250;
	}
	return r;
}

/* Pass the message on up to and including its end, CRLF "." CRLF. */
static int message(struct offer *o)
{
	static const char end[] = "\r\n.\r\n";
	size_t matched = 2;	/* bytes of end seen; a message begins at the start of a line */

	while (matched < 5) {
		int r = offer_more(o);

		if (r != OFFER_GO)
			return r;
		struct str s = in_peek(&o->client);
		size_t i = 0;

		while (i < s.n && matched < 5) {
			char c = s.p[i++];

			if (c == end[matched])
				matched++;
			else
				matched = c == '\r';
			if (!matched) {	/* nothing happens before the next CR */
				const char *next = memchr(s.p + i, '\r', s.n - i);

				i = next ? (size_t)(next - s.p) : s.n;
			}
		}
		if (out_add(&o->to_program, str_to(s, i)) < 0)
			return -1;
		in_skip(&o->client, i);
	}
	return OFFER_GO;
}

static int data(struct offer *o)
{
	int code = 0, r = offer_to_program(o);

	if (r == OFFER_GO)
		r = reply(o, &code);
	if (r != OFFER_GO || code != 354)
		return r;
	r = message(o);
	o->mail = false;
	return r == OFFER_GO ? reply(o, &code) : r;
}

/* BDAT SIZE [LAST] (RFC 3030): the bytes follow at once. */
static int bdat(struct offer *o)
{
	struct str args = offer_args(o), size = str_word(&args);
	uint64_t n = 0;
	int code, r;

	if (!num_parse(size, UINT64_MAX, &n))
		n = 0;
	r = offer_to_program(o);
	if (r == OFFER_GO)
		r = offer_bytes(o, n);
	return r == OFFER_GO ? reply(o, &code) : r;
}

/* The program asks on with 334; what answers it is no command. */
static int auth(struct offer *o)
{
	int code, r;

	do {
		code = 0;
		r = offer_to_program(o);
		if (r == OFFER_GO)
			r = reply(o, &code);
		if (r == OFFER_GO && code == 334)
			r = offer_client_line(o);
	} while (r == OFFER_GO && code == 334);
	return r;
}

/* What was said before TLS shall not count in it (RFC 3207 section 4.2). */
static int starttls(struct offer *o)
{
	bool more = true;
	int r = OFFER_GO;

	if (offer_args(o).n)
		return offer_say(o, "501 5.5.4 no parameters, please\r\n");
	if (o->mail) {
		if (out_adds(&o->to_program, "RSET\r\n") < 0)
			return -1;
		while (more && (r = offer_program_line(o)) == OFFER_GO)
			code_of(o, &more);
	}
	return r == OFFER_GO ? offer_begin(o, "220 ready for tls\r\n") : r;
}

static int command(struct offer *o)
{
	int code, r;

	if (offer_verb(o, "STARTTLS"))
		return starttls(o);
	if (offer_verb(o, "DATA"))
		return data(o);
	if (offer_verb(o, "BDAT"))
		return bdat(o);
	if (offer_verb(o, "AUTH"))
		return auth(o);
	o->mail = o->mail || offer_verb(o, "MAIL");
	bool ehlo = offer_verb(o, "EHLO"), quit = offer_verb(o, "QUIT");

	r = offer_to_program(o);
	if (r != OFFER_GO || quit)
		return quit && r == OFFER_GO ? OFFER_RAW : r;
	return ehlo ? ehlo_reply(o) : reply(o, &code);
}

int offer_smtp(struct offer *o)
{
	int code, r = reply(o, &code);

	while (r == OFFER_GO) {
		r = offer_command(o);
		if (r == OFFER_GO)
			r = command(o);
	}
	return r;
}
