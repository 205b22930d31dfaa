/* Unit tests of core/net/offer: scripted programs and clients; what each of them gets to see, and how the
 * watch ends. */
#include "core/net/offer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* A program's answers, one per read. */
struct script {
	const char *const *next;
};

static ssize_t play(struct in *in, char *p, size_t n)
{
	struct script *s = in->ctx;
	size_t len;

	if (!*s->next)
		return 0;
	len = strlen(*s->next);
	assert_true(len <= n);
	memcpy(p, *s->next++, len);
	return (ssize_t)len;
}

struct scene {
	enum starttls kind;
	const char *client;
	const char *program[12];
	const char *heard;	/* by the program */
	const char *seen;	/* by the client */
	int end;
};

static void act(const struct scene *s)
{
	char space[4096];
	struct script script = {s->program};
	struct buf heard = BUF_INIT, seen = BUF_INIT;
	struct offer o = {.line = BUF_INIT, .answer = BUF_INIT};

	in_init_mem(&o.client, str_z(s->client));
	in_init(&o.program, -1, space, sizeof space);
	o.program.op = play;
	o.program.ctx = &script;
	out_init_mem(&o.to_client, &seen);
	out_init_mem(&o.to_program, &heard);
	int end = offer_run(&o, s->kind);

	assert_string_equal(heard.p, s->heard);
	assert_string_equal(seen.p, s->seen);
	assert_int_equal(end, s->end);
	if (end == OFFER_TLS)
		assert_int_equal(in_peek(&o.client).n, 0);
	buf_free(&heard);
	buf_free(&seen);
	buf_free(&o.line);
	buf_free(&o.answer);
}

static void smtp(void **state)
{
	static const struct scene scenes[] = {
		{STARTTLS_SMTP, "EHLO a\r\nSTARTTLS\r\n", {"220 hi\r\n", "250-me\r\n250 HELP\r\n"}, "EHLO a\r\n",
			"220 hi\r\n250-me\r\n250-STARTTLS\r\n250 HELP\r\n220 ready for tls\r\n", OFFER_TLS},
		{STARTTLS_SMTP, "ehlo a\nstarttls \n", {"220 hi\n", "250 me\n"}, "ehlo a\n",
			"220 hi\n250-me\n250 STARTTLS\n220 ready for tls\r\n", OFFER_TLS},
		/* what the program offers already is not offered twice, what it refuses not at all */
		{STARTTLS_SMTP, "EHLO a\r\n", {"220 hi\r\n", "250-me\r\n250-starttls\r\n250 HELP\r\n"}, "EHLO a\r\n",
			"220 hi\r\n250-me\r\n250-starttls\r\n250 HELP\r\n", OFFER_RAW},
		{STARTTLS_SMTP, "EHLO a\r\n", {"220 hi\r\n", "250-me\r\n250 STARTTLS\r\n"}, "EHLO a\r\n",
			"220 hi\r\n250-me\r\n250 STARTTLS\r\n", OFFER_RAW},
		{STARTTLS_SMTP, "EHLO\r\n", {"220-hi\r\n220 hi\r\n", "501 what\r\n"}, "EHLO\r\n",
			"220-hi\r\n220 hi\r\n501 what\r\n", OFFER_RAW},
		/* commands sent ahead: answered in turn, and gone behind STARTTLS */
		{STARTTLS_SMTP, "NOOP\r\nSTARTTLS\r\nMAIL FROM:<x>\r\n", {"220 hi\r\n", "250 ok\r\n"}, "NOOP\r\n",
			"220 hi\r\n250 ok\r\n220 ready for tls\r\n", OFFER_TLS},
		{STARTTLS_SMTP, "STARTTLS now\r\nSTARTTLS\r\n", {"220 hi\r\n"}, "",
			"220 hi\r\n501 5.5.4 no parameters, please\r\n220 ready for tls\r\n", OFFER_TLS},
		/* a message begun before counts no more */
		{STARTTLS_SMTP, "MAIL FROM:<x>\r\nSTARTTLS\r\n", {"220 hi\r\n", "250 ok\r\n", "250-flushed\r\n", "250 flushed\r\n"},
			"MAIL FROM:<x>\r\nRSET\r\n", "220 hi\r\n250 ok\r\n220 ready for tls\r\n", OFFER_TLS},
		{STARTTLS_SMTP, "MAIL FROM:<x>\r\nEHLO a\r\nSTARTTLS\r\n", {"220 hi\r\n", "250 ok\r\n", "250 me\r\n"},
			"MAIL FROM:<x>\r\nEHLO a\r\n", "220 hi\r\n250 ok\r\n250-me\r\n250 STARTTLS\r\n220 ready for tls\r\n", OFFER_TLS},
		/* lines of a message are no commands; its end is CRLF . CRLF only */
		{STARTTLS_SMTP, "DATA\r\nSTARTTLS\r\n.\nSTARTTLS\r\n\r.\r\n..\r\nQUIT\r\n\r\n.\r\nSTARTTLS\r\n",
			{"220 hi\r\n", "354 go\r\n", "250 ok\r\n"},
			"DATA\r\nSTARTTLS\r\n.\nSTARTTLS\r\n\r.\r\n..\r\nQUIT\r\n\r\n.\r\n",
			"220 hi\r\n354 go\r\n250 ok\r\n220 ready for tls\r\n", OFFER_TLS},
		{STARTTLS_SMTP, "DATA\r\n.\r\nSTARTTLS\r\n", {"220 hi\r\n", "354 go\r\n", "250 ok\r\n"}, "DATA\r\n.\r\n",
			"220 hi\r\n354 go\r\n250 ok\r\n220 ready for tls\r\n", OFFER_TLS},
		{STARTTLS_SMTP, "DATA\r\nSTARTTLS\r\n", {"220 hi\r\n", "503 no\r\n"}, "DATA\r\n",
			"220 hi\r\n503 no\r\n220 ready for tls\r\n", OFFER_TLS},
		{STARTTLS_SMTP, "DATA\r\nSTARTTLS\r\n", {"220 hi\r\n", "354 go\r\n"}, "DATA\r\nSTARTTLS\r\n",
			"220 hi\r\n354 go\r\n", OFFER_RAW},
		{STARTTLS_SMTP, "BDAT 10 LAST\r\nSTARTTLS\r\nSTARTTLS\r\n", {"220 hi\r\n", "250 ok\r\n"},
			"BDAT 10 LAST\r\nSTARTTLS\r\n", "220 hi\r\n250 ok\r\n220 ready for tls\r\n", OFFER_TLS},
		{STARTTLS_SMTP, "BDAT 99999999999999999999\r\nSTARTTLS\r\n", {"220 hi\r\n", "501 no\r\n"},
			"BDAT 99999999999999999999\r\n", "220 hi\r\n501 no\r\n220 ready for tls\r\n", OFFER_TLS},
		{STARTTLS_SMTP, "BDAT 50\r\nSTARTTLS\r\n", {"220 hi\r\n"}, "BDAT 50\r\nSTARTTLS\r\n", "220 hi\r\n", OFFER_RAW},
		/* nor are secrets */
		{STARTTLS_SMTP, "AUTH LOGIN\r\nSTARTTLS\r\nSTARTTLS\r\nSTARTTLS\r\n",
			{"220 hi\r\n", "334 user\r\n", "334 pass\r\n", "535 no\r\n"}, "AUTH LOGIN\r\nSTARTTLS\r\nSTARTTLS\r\n",
			"220 hi\r\n334 user\r\n334 pass\r\n535 no\r\n220 ready for tls\r\n", OFFER_TLS},
		{STARTTLS_SMTP, "QUIT\r\nSTARTTLS\r\n", {"220 hi\r\n"}, "QUIT\r\n", "220 hi\r\n", OFFER_RAW},
		{STARTTLS_SMTP, "NOOP\r\n", {"220 hi\r\n"}, "NOOP\r\n", "220 hi\r\n", OFFER_OVER},
		{STARTTLS_SMTP, "NOOP\r\nSTARTTLS", {"220 hi\r\n", "250 ok\r\n"}, "NOOP\r\nSTARTTLS", "220 hi\r\n250 ok\r\n", OFFER_RAW},
		{STARTTLS_SMTP, "NOOP\r\n", {"not a server\n", "250 ok\r\n"}, "NOOP\r\n", "not a server\n250 ok\r\n", OFFER_RAW},
		{STARTTLS_SMTP, "", {NULL}, "", "", OFFER_OVER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
		act(&scenes[i]);
}

static void pop3(void **state)
{
	static const struct scene scenes[] = {
		{STARTTLS_POP3, "CAPA\r\nSTLS\r\nUSER x\r\n", {"+OK hi\r\n", "+OK list\r\nTOP\r\n.\r\n"}, "CAPA\r\n",
			"+OK hi\r\n+OK Here's what I can do:\r\nTOP\r\nSTLS\r\n.\r\n+OK Begin SSL/TLS negotiation now.\r\n", OFFER_TLS},
		{STARTTLS_POP3, "capa\n", {"+OK hi\r\n", "+OK\r\nstls\r\n.\r\n"}, "capa\n",
			"+OK hi\r\n+OK Here's what I can do:\r\nstls\r\n.\r\n", OFFER_RAW},
		{STARTTLS_POP3, "CAPA\r\nstls\r\n", {"+OK hi\r\n", "-ERR what\r\n"}, "CAPA\r\n",
			"+OK hi\r\n+OK Here's what I can do:\r\nSTLS\r\n.\r\n+OK Begin SSL/TLS negotiation now.\r\n", OFFER_TLS},
		{STARTTLS_POP3, "STLS x\r\n", {"+OK hi\r\n"}, "", "+OK hi\r\n-ERR no parameters, please\r\n", OFFER_RAW},
		{STARTTLS_POP3, "USER a\r\nPASS b\r\nSTLS\r\n", {"+OK hi\r\n", "+OK\r\n", "-ERR no\r\n"}, "USER a\r\nPASS b\r\n",
			"+OK hi\r\n+OK\r\n-ERR no\r\n+OK Begin SSL/TLS negotiation now.\r\n", OFFER_TLS},
		/* logged in: nothing is watched */
		{STARTTLS_POP3, "USER a\r\nPASS b\r\nSTLS\r\n", {"+OK hi\r\n", "+OK\r\n", "+OK in\r\n"}, "USER a\r\nPASS b\r\n",
			"+OK hi\r\n+OK\r\n+OK in\r\n", OFFER_RAW},
		{STARTTLS_POP3, "AUTH LOGIN\r\nSTLS\r\nSTLS\r\nSTLS\r\n", {"+OK hi\r\n", "+ a\r\n", "+ b\r\n", "-ERR no\r\n"},
			"AUTH LOGIN\r\nSTLS\r\nSTLS\r\n",
			"+OK hi\r\n+ a\r\n+ b\r\n-ERR no\r\n+OK Begin SSL/TLS negotiation now.\r\n", OFFER_TLS},
		{STARTTLS_POP3, "AUTH PLAIN x\r\nSTLS\r\n", {"+OK hi\r\n", "+OK in\r\n"}, "AUTH PLAIN x\r\n",
			"+OK hi\r\n+OK in\r\n", OFFER_RAW},
		{STARTTLS_POP3, "AUTH\r\nSTLS\r\n", {"+OK hi\r\n", "+OK list\r\nPLAIN\r\n.\r\n"}, "AUTH\r\n",
			"+OK hi\r\n+OK list\r\nPLAIN\r\n.\r\n+OK Begin SSL/TLS negotiation now.\r\n", OFFER_TLS},
		{STARTTLS_POP3, "LANG\r\nSTLS\r\n", {"+OK hi\r\n", "+OK list\r\nen\r\n.\r\n"}, "LANG\r\n",
			"+OK hi\r\n+OK list\r\nen\r\n.\r\n+OK Begin SSL/TLS negotiation now.\r\n", OFFER_TLS},
		{STARTTLS_POP3, "QUIT\r\n", {"+OK hi\r\n"}, "QUIT\r\n", "+OK hi\r\n", OFFER_RAW},
		{STARTTLS_POP3, "NOOP\r\n", {"+OK hi\r\n"}, "NOOP\r\n", "+OK hi\r\n", OFFER_OVER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
		act(&scenes[i]);
}

static void imap(void **state)
{
	static const struct scene scenes[] = {
		{STARTTLS_IMAP, "1 CAPABILITY\r\n2 STARTTLS\r\n3 NOOP\r\n",
			{"* OK [CAPABILITY IMAP4rev1 ID] hi\r\n", "* CAPABILITY IMAP4rev1\r\n1 OK\r\n"}, "1 CAPABILITY\r\n",
			"* OK [CAPABILITY IMAP4rev1 ID STARTTLS] hi\r\n* CAPABILITY IMAP4rev1 STARTTLS\r\n1 OK\r\n"
			"2 OK Begin TLS negotiation now\r\n", OFFER_TLS},
		{STARTTLS_IMAP, "1 capability\n", {"* OK hi\r\n", "* capability IMAP4rev1 starttls\r\n1 OK\r\n"}, "1 capability\n",
			"* OK hi\r\n* capability IMAP4rev1 starttls\r\n1 OK\r\n", OFFER_RAW},
		{STARTTLS_IMAP, "a starttls x\r\n", {"* OK hi\r\n"}, "", "* OK hi\r\na BAD no parameters, please\r\n", OFFER_RAW},
		{STARTTLS_IMAP, "", {"* PREAUTH hi\r\n"}, "", "* PREAUTH hi\r\n", OFFER_RAW},
		/* literals, asked for and not, are no commands */
		{STARTTLS_IMAP, "a LOGIN {12}\r\nb STARTTLS\r\n {3}\r\nxyz\r\nc STARTTLS\r\n",
			{"* OK hi\r\n", "+ go\r\n", "+ go\r\n", "a NO\r\n"}, "a LOGIN {12}\r\nb STARTTLS\r\n {3}\r\nxyz\r\n",
			"* OK hi\r\n+ go\r\n+ go\r\na NO\r\nc OK Begin TLS negotiation now\r\n", OFFER_TLS},
		{STARTTLS_IMAP, "a LOGIN {12+}\r\nb STARTTLS\r\n {0+}\r\n\r\nc STARTTLS\r\n", {"* OK hi\r\n", "a NO\r\n"},
			"a LOGIN {12+}\r\nb STARTTLS\r\n {0+}\r\n\r\n", "* OK hi\r\na NO\r\nc OK Begin TLS negotiation now\r\n", OFFER_TLS},
		{STARTTLS_IMAP, "a LOGIN {12}\r\nb STARTTLS\r\n", {"* OK hi\r\n", "a BAD\r\n"}, "a LOGIN {12}\r\n",
			"* OK hi\r\na BAD\r\nb OK Begin TLS negotiation now\r\n", OFFER_TLS},
		{STARTTLS_IMAP, "a AUTHENTICATE LOGIN\r\nb STARTTLS\r\nc STARTTLS\r\nd STARTTLS\r\n",
			{"* OK hi\r\n", "+ a\r\n", "+ b\r\n", "a NO\r\n"}, "a AUTHENTICATE LOGIN\r\nb STARTTLS\r\nc STARTTLS\r\n",
			"* OK hi\r\n+ a\r\n+ b\r\na NO\r\nd OK Begin TLS negotiation now\r\n", OFFER_TLS},
		{STARTTLS_IMAP, "a LOGIN x y\r\nb STARTTLS\r\n", {"* OK hi\r\n", "* 1 x\r\nA OK in\r\n"}, "a LOGIN x y\r\n",
			"* OK hi\r\n* 1 x\r\nA OK in\r\n", OFFER_RAW},
		/* a literal of the program's is no answer */
		{STARTTLS_IMAP, "a ID NIL\r\nb STARTTLS\r\n", {"* OK hi\r\n", "* ID {7}\r\na OK x\n tail\r\n", "a OK\r\n"}, "a ID NIL\r\n",
			"* OK hi\r\n* ID {7}\r\na OK x\n tail\r\na OK\r\nb OK Begin TLS negotiation now\r\n", OFFER_TLS},
		{STARTTLS_IMAP, "\r\nb STARTTLS\r\n", {"* OK hi\r\n"}, "\r\n", "* OK hi\r\n", OFFER_RAW},
		{STARTTLS_IMAP, "* STARTTLS\r\n", {"* OK hi\r\n"}, "* STARTTLS\r\n", "* OK hi\r\n", OFFER_RAW},
		{STARTTLS_IMAP, "a LOGOUT\r\n", {"* OK hi\r\n"}, "a LOGOUT\r\n", "* OK hi\r\n", OFFER_RAW},
	};

	(void)state;
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
		act(&scenes[i]);
}

static void long_lines(void **state)
{
	static char text[40000];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	act(&(struct scene){STARTTLS_SMTP, "", {"220 hi\r\n"}, "", "220 hi\r\n", OFFER_RAW});
	/* the program shall judge it: all that was taken is passed on */
	char space[4096];
	const char *const answers[] = {"220 hi\r\n", NULL};
	struct script script = {answers};
	struct buf heard = BUF_INIT, seen = BUF_INIT;
	struct offer o = {.line = BUF_INIT, .answer = BUF_INIT};

	in_init_mem(&o.client, str_z(text));
	in_init(&o.program, -1, space, sizeof space);
	o.program.op = play;
	o.program.ctx = &script;
	out_init_mem(&o.to_client, &seen);
	out_init_mem(&o.to_program, &heard);
	assert_int_equal(offer_run(&o, STARTTLS_SMTP), OFFER_RAW);
	assert_int_equal(heard.n + in_peek(&o.client).n, sizeof text - 1);
	buf_free(&heard);
	buf_free(&seen);
	buf_free(&o.line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smtp),
		cmocka_unit_test(pop3),
		cmocka_unit_test(imap),
		cmocka_unit_test(long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
