/* rrt - tell the sender what became of a message on its way to another host.  Run by qmail-remote (ONSUCCESS_REMOTE,
 * ONFAILURE_REMOTE, ONTEMPORARY_REMOTE) with its own arguments and the message on fd 0.  Promises: a report goes out only
 * for messages whose Return-Receipt-To asks for it, never for a bounce, and from an empty sender, so that none answers
 * another. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/conf.h"
#include "core/mail/addr.h"
#include "core/mail/date.h"
#include "core/mail/head.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/rand.h"
#include "queue/client.h"

enum { HEAD_MAX = 1 << 20, ADDRESS_MAX = 1000 };
/* our exit codes */
enum { X_READ = 1, X_WRITE = 2, X_USAGE = 7, X_PARSE = 8 };

static int print, whole;

static const struct opt opts[] = {
	FLAG('n', NULL, &print, "print the report instead of sending it"),
	FLAG('b', NULL, &whole, "put the whole message into it, not just the header"),
	OPTS_END
};

struct receipt {
	char **argv;		/* host sender qqeh size rcpt ... */
	struct buf text;	/* the beginning of the message */
	size_t head;		/* its header */
	struct buf to;		/* who asks */
	struct str id, subject;
	char letter;		/* K Z D */
	const char *said, *ip;
	char boundary[33];
	struct buf from, me;
	struct client *client;	/* NULL: print */
};

static void take_address(void *ctx, struct addr *a)
{
	struct receipt *r = ctx;

	if (!r->to.n && a->at < a->text.n && a->text.n <= ADDRESS_MAX)
		buf_set(&r->to, buf_str(&a->text));
}

/* Who wants to know, and about what.  False: nobody. */
static bool wanted(struct receipt *r)
{
	struct str head = str_to(buf_str(&r->text), r->head);
	struct buf out = BUF_INIT;
	struct head_field f;
	struct err e = {0};
	int more, parsed = 0;

	while ((more = head_next(&head, &f, &e)) > 0) {
		struct str value = str_trim(f.value);

		if (str_ieq(f.name, STR("Return-Receipt-To")) && !r->to.n)
			parsed = addr_list(f.value, take_address, r, &out, &e);
		else if (str_ieq(f.name, STR("Message-ID")) && !r->id.n)
			r->id = str_to(value, str_chr(value, '\n'));
		else if (str_ieq(f.name, STR("Subject")) && !r->subject.n)
			r->subject = str_to(value, str_chr(value, '\n'));
		if (parsed < 0)
			die(X_PARSE, "unable to parse Return-Receipt-To: %s", log_err(&e));
	}
	buf_free(&out);
	return r->to.n && r->id.n;
}

/* The outcome as remote tells it. */
static void outcome(struct receipt *r)
{
	const char *status = conf_getenv("SMTPSTATUS"), *code = conf_getenv("SMTPCODE");
	const char *text = conf_getenv("SMTPTEXT");

	if (!code)
		code = conf_getenv("QMTPCODE");
	if (!text)
		text = conf_getenv("QMTPTEXT");
	r->said = text ? text : "";
	r->ip = conf_getenv("SMTPHOST");
	if (status && (*status == 'K' || *status == 'D' || *status == 'Z'))
		r->letter = *status;
	else
		r->letter = code && *code == '2' ? 'K' : code && *code == '5' ? 'D' : 'Z';
}

/* The status code in what the peer said, "5.1.1", when it is of the right class. */
static struct str status_code(const struct receipt *r)
{
	struct str s = str_z(r->said);
	char class = r->letter == 'K' ? '2' : r->letter == 'D' ? '5' : '4';

	for (size_t i = 0; i + 4 < s.n; i++) {
		if (s.p[i] != class || s.p[i + 1] != '.' || (i && (chr_alnum(s.p[i - 1]) || s.p[i - 1] == '.')))
			continue;
		size_t n = 2, dots = 0;

		while (i + n < s.n && n < 9) {
			bool dot = s.p[i + n] == '.' && chr_digit(s.p[i + n - 1]) && !dots;

			if (!dot && !chr_digit(s.p[i + n]))
				break;
			dots += dot;
			n++;
		}
		if (dots == 1 && chr_digit(s.p[i + n - 1]))
			return str_to(str_from(s, i), n);
	}
	return r->letter == 'K' ? STR("2.0.0") : r->letter == 'D' ? STR("5.0.0") : STR("4.0.0");
}

static void put(struct receipt *r, struct str s)
{
	if (r->client)
		client_put(r->client, s.p, s.n);
	else if (fd_write_all(1, s.p, s.n) < 0)
		die(X_WRITE, "unable to write the report: %s", log_errno(errno));
}

/* Foreign text within one line. */
static void add_safe(struct buf *b, struct str s, size_t max)
{
	for (size_t i = 0; i < s.n && i < max; i++)
		buf_addc(b, (unsigned char)s.p[i] < 32 || s.p[i] == 127 ? s.p[i] == '\n' ? ' ' : '?' : s.p[i]);
}

static void add_head(const struct receipt *r, struct buf *b)
{
	static const char *const subjects[] = {"delivered", "not delivered", "delayed"};

	buf_adds(b, "Date: ");
	date_rfc822(b, clock_now());
	buf_fmt(b, "\nFrom: %s\nTo: %s\nSubject: Return receipt: %s\nMessage-ID: <", r->from.p, r->to.p,
		subjects[str_chr(STR("KDZ"), r->letter)]);
	date_compact(b, clock_now());
	buf_fmt(b, ".%ld.rrt@%s>\nIn-Reply-To: ", (long)proc_pid(), r->me.p);
	add_safe(b, r->id, 900);
	buf_adds(b, "\nReferences: ");
	add_safe(b, r->id, 900);
	buf_fmt(b, "\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
		"Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"%s\"\n\n", r->boundary);
}

static void add_words(const struct receipt *r, struct buf *b)
{
	buf_fmt(b, "--%s\nContent-Type: text/plain; charset=utf-8\n\nThis is the indimail delivery program at %s.\n"
		"Your message\n\n    Subject: ", r->boundary, r->me.p);
	add_safe(b, r->subject, 500);
	buf_fmt(b, "\n\n%s\n\n", r->letter == 'K' ? "was accepted by the mail server of:" : r->letter == 'D' ?
		"could not be delivered to:" : "could not be delivered yet to:");
	for (char **rcpt = r->argv + 5; *rcpt; rcpt++) {
		buf_adds(b, "    ");
		add_safe(b, str_z(*rcpt), ADDRESS_MAX);
		buf_addc(b, '\n');
	}
	if (*r->said) {
		buf_adds(b, "\nThe answer was:\n\n    ");
		add_safe(b, str_rtrim(str_z(r->said)), 900);
		buf_addc(b, '\n');
	}
	buf_addc(b, '\n');
}

/* RFC 3464 section 2. */
static void add_status(const struct receipt *r, struct buf *b)
{
	static const char *const actions[] = {"relayed", "failed", "delayed"};
	struct str code = status_code(r);

	buf_fmt(b, "--%s\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; %s\n", r->boundary, r->me.p);
	for (char **rcpt = r->argv + 5; *rcpt; rcpt++) {
		buf_adds(b, "\nFinal-Recipient: rfc822; ");
		add_safe(b, str_z(*rcpt), ADDRESS_MAX);
		buf_fmt(b, "\nAction: %s\nStatus: %.*s\n", actions[str_chr(STR("KDZ"), r->letter)], STR_FMT(code));
		if (r->ip && *r->ip) {
			buf_adds(b, "Remote-MTA: dns; [");
			add_safe(b, str_z(r->ip), 64);
			buf_adds(b, "]\n");
		}
		if (*r->said) {
			buf_fmt(b, "Diagnostic-Code: %s; ", chr_digit(*r->said) ? "smtp" : "x-indimail");
			add_safe(b, str_rtrim(str_z(r->said)), 900);
			buf_addc(b, '\n');
		}
		buf_adds(b, "Last-Attempt-Date: ");
		date_rfc822(b, clock_now());
		buf_addc(b, '\n');
	}
	buf_fmt(b, "\n--%s\nContent-Type: %s\n\n", r->boundary, whole ? "message/rfc822" : "text/rfc822-headers");
}

static void put_message(struct receipt *r)
{
	char block[32768];
	ssize_t n = 0;

	put(r, str_to(buf_str(&r->text), whole ? r->text.n : r->head));
	while (whole && (n = fd_read(0, block, sizeof block)) > 0)
		put(r, str_make(block, (size_t)n));
	if (n < 0) {
		client_free(r->client);
		die(X_READ, "unable to read the message: %s", log_errno(errno));
	}
}

static void compose(struct receipt *r)
{
	struct buf b = BUF_INIT;
	unsigned char noise[16];
	struct err e = {0};

	rand_bytes(noise, sizeof noise);
	for (size_t i = 0; i < sizeof noise; i++) {
		r->boundary[2 * i] = "0123456789abcdef"[noise[i] >> 4];
		r->boundary[2 * i + 1] = "0123456789abcdef"[noise[i] & 15];
	}
	if (conf_line(CONF_BOUNCEFROM, &r->from, &e) < 0 || conf_line(CONF_ME, &r->me, &e) < 0 ||
		conf_line(CONF_BOUNCEHOST, &b, &e) < 0)
		die_err(&e);
	buf_fmt(&r->from, "@%s", b.p);
	buf_clear(&b);
	add_head(r, &b);
	add_words(r, &b);
	add_status(r, &b);
	put(r, buf_str(&b));
	put_message(r);
	buf_clear(&b);
	buf_fmt(&b, "\n--%s--\n", r->boundary);
	put(r, buf_str(&b));
	buf_free(&b);
}

static void send_report(struct receipt *r)
{
	struct err e = {0};

	r->client = client_new();
	if (client_open(r->client, &e) < 0)
		die(111, "%s", log_err(&e));
	compose(r);
	client_from(r->client, STR(""));
	client_to(r->client, buf_str(&r->to));
	const char *why = client_close(r->client);

	if (*why)
		die(*why == 'D' ? 100 : 111, "%s", why + 1);
	client_free(r->client);
}

static int rrt_main(int argc, char **argv)
{
	struct receipt r = {.argv = argv, .text = BUF_INIT, .to = BUF_INIT, .from = BUF_INIT, .me = BUF_INIT};

	if (argc < 6) {
		applet_usage(applet_now, 2);
		return X_USAGE;
	}
	struct str sender = str_z(argv[2]);

	/* nobody is told about what nobody sent */
	if (!sender.n || str_eq(sender, STR("#@[]")))
		return 0;
	if (head_read(0, HEAD_MAX, &r.text, &r.head) < 0)
		die(X_READ, "unable to read the message: %s", log_errno(errno));
	if (wanted(&r)) {
		outcome(&r);
		if (print)
			compose(&r);
		else
			send_report(&r);
	}
	buf_free(&r.text);
	buf_free(&r.to);
	buf_free(&r.from);
	buf_free(&r.me);
	return 0;
}

APPLET(rrt) = {
	.name = "rrt", .family = "deliver",
	.brief = "tell the sender what became of a message",
	.args = "host sender extra-header size recipient ...", .opts = opts, .role = AS_CALLER,
	.flags = APPLET_CLIENT | APPLET_BY_FILE, .main = rrt_main,
};
