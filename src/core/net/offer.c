/* offer - STARTTLS for programs that know none; see offer.h.  The steps the protocols share. */
#include "core/net/offer.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/net/offerstep.h"
#include "core/sys/fd.h"

enum { BUFFER = 8192 };

static void flush_both(void *arg)
{
	struct offer *o = arg;

	out_flush(&o->to_client);
	out_flush(&o->to_program);
}

void offer_init(struct offer *o, int from_client, int to_client, int from_program, int to_program,
	int timeout_ms)
{
	*o = (struct offer){.line = BUF_INIT, .answer = BUF_INIT};
	in_init(&o->client, from_client, mem_alloc(BUFFER), BUFFER);
	in_init(&o->program, from_program, mem_alloc(BUFFER), BUFFER);
	out_init(&o->to_client, to_client, mem_alloc(BUFFER), BUFFER);
	out_init(&o->to_program, to_program, mem_alloc(BUFFER), BUFFER);
	o->client.timeout = o->program.timeout = o->to_client.timeout = o->to_program.timeout = timeout_ms;
	o->client.before_wait = o->program.before_wait = flush_both;
	o->client.wait_arg = o->program.wait_arg = o;
}

void offer_free(struct offer *o)
{
	mem_free(o->client.buf);
	mem_free(o->program.buf);
	mem_free(o->to_client.buf);
	mem_free(o->to_program.buf);
	buf_free(&o->line);
	buf_free(&o->answer);
}

/* Which is ready, with waiting: 'c', 'p', or 0 with errno. */
static char who_speaks(struct offer *o)
{
	struct pollfd p[2] = {{o->client.fd, POLLIN, 0}, {o->program.fd, POLLIN, 0}};
	int r;

	if (in_peek(&o->program).n)
		return 'p';
	if (in_peek(&o->client).n || o->client.fd < 0)
		return 'c';
	flush_both(o);
	do
		r = fd_poll(p, 2, o->client.timeout);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		errno = ETIMEDOUT;
	return r <= 0 ? 0 : p[1].revents ? 'p' : 'c';
}

/* A line that is too long, or the last one without its end, is passed on as it is: nobody but the program can
 * judge it. */
static int one_line(struct offer *o, struct in *in, struct out *out, int ended)
{
	int r;

	buf_clear(&o->line);
	r = in_line(in, &o->line, '\n', OFFER_LINE);
	if (r == 1)
		return OFFER_GO;
	if (r < 0 && errno != EMSGSIZE)
		return errno == ECONNRESET || errno == EPIPE ? ended : -1;
	return out_add(out, buf_str(&o->line)) < 0 ? -1 : r == 0 ? ended : OFFER_RAW;
}

int offer_client_line(struct offer *o)
{
	return one_line(o, &o->client, &o->to_program, OFFER_RAW);
}

int offer_program_line(struct offer *o)
{
	return one_line(o, &o->program, &o->to_client, OFFER_OVER);
}

int offer_command(struct offer *o)
{
	char who;

	/* what the program says without being asked goes to the client, as a farewell for example */
	while ((who = who_speaks(o)) == 'p') {
		int r = offer_program_line(o);

		if (r == OFFER_GO)
			r = offer_to_client(o);
		if (r != OFFER_GO)
			return r;
	}
	return who ? offer_client_line(o) : -1;
}

int offer_to_program(struct offer *o)
{
	return out_add(&o->to_program, buf_str(&o->line)) < 0 ? -1 : OFFER_GO;
}

int offer_to_client(struct offer *o)
{
	return out_add(&o->to_client, buf_str(&o->line)) < 0 ? -1 : OFFER_GO;
}

int offer_say(struct offer *o, const char *text)
{
	return out_adds(&o->to_client, text) < 0 ? -1 : OFFER_GO;
}

int offer_more(struct offer *o)
{
	if (in_peek(&o->client).n)
		return OFFER_GO;
	/* a program that speaks before it has heard all has other plans than we know */
	char who = who_speaks(o);

	if (who != 'c')
		return who ? OFFER_RAW : -1;
	int r = in_fill(&o->client);

	return r > 0 ? OFFER_GO : r < 0 ? -1 : OFFER_RAW;
}

int offer_bytes(struct offer *o, unsigned long long n)
{
	while (n) {
		int r = offer_more(o);

		if (r != OFFER_GO)
			return r;
		struct str s = in_peek(&o->client);

		if (s.n > n)
			s.n = (size_t)n;
		if (out_add(&o->to_program, s) < 0)
			return -1;
		in_skip(&o->client, s.n);
		n -= s.n;
	}
	return OFFER_GO;
}

int offer_begin(struct offer *o, const char *text)
{
	enum { MOST = 16 };	/* blocks; who sends more ahead will fail in the handshake */

	in_skip(&o->client, in_peek(&o->client).n);
	for (int i = 0; i < MOST && o->client.fd >= 0 && fd_wait(o->client.fd, POLLIN, 0) > 0; i++) {
		if (in_fill(&o->client) <= 0)
			break;
		in_skip(&o->client, in_peek(&o->client).n);
	}
	if (offer_say(o, text) < 0 || out_flush(&o->to_client) < 0 || out_flush(&o->to_program) < 0)
		return -1;
	return OFFER_TLS;
}

bool offer_verb(const struct offer *o, const char *verb)
{
	struct str rest = buf_str(&o->line);

	return str_ieq(str_word(&rest), str_z(verb));
}

struct str offer_args(const struct offer *o)
{
	struct str rest = buf_str(&o->line);

	str_word(&rest);
	return str_trim(rest);
}

int offer_run(struct offer *o, enum starttls kind)
{
	switch (kind) {
	case STARTTLS_SMTP:
		return offer_smtp(o);
	case STARTTLS_POP3:
		return offer_pop3(o);
	case STARTTLS_IMAP:
		return offer_imap(o);
	default:
		return OFFER_RAW;
	}
}

static int empty(struct in *in, struct out *out)
{
	struct str s = in_peek(in);

	in_skip(in, s.n);
	return out_add(out, s) < 0 ? -1 : out_flush(out);
}

int offer_flush(struct offer *o)
{
	int client = empty(&o->program, &o->to_client);

	return empty(&o->client, &o->to_program) < 0 && errno != EPIPE ? -1 : client;
}
