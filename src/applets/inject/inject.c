/* inject - take a draft from fd 0, complete its header, hand it to the queue.  Run by users, scripts and
 * mail readers (mostly as sendmail); promises that exit 0 means that the queue has the message.
 * Bytes of the body and of fields that hold no addresses are kept as they are, whatever their line ends. */
#include <errno.h>
#include <stdint.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/rules.h"
#include "core/mail/author.h"
#include "core/mail/compose.h"
#include "core/mail/date.h"
#include "core/mail/head.h"
#include "core/smtp/dsn.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/out.h"
#include "core/sys/proc.h"
#include "queue/client.h"

enum { HEADER_MAX = 16 << 20, BLOCK = 65536 };

static char block[BLOCK];	/* of what is read */

enum source { ARGS_OR_HEADER, ARGS, HEADER, BOTH };

static int source, print, ignore_path;
static const char *given_sender;

static const struct opt opts[] = {
	FLAGV('n', NULL, &print, 1, "print the message instead of sending it"),
	FLAGV('N', NULL, &print, 0, "send the message (default)"),
	FLAGV('a', NULL, &source, ARGS, "recipients: the arguments"),
	FLAGV('h', NULL, &source, HEADER, "recipients: those in the header"),
	FLAGV('A', NULL, &source, ARGS_OR_HEADER, "recipients: the arguments, or else the header (default)"),
	FLAGV('H', NULL, &source, BOTH, "recipients: arguments and header"),
	FLAG('s', NULL, &ignore_path, "a Return-Path field does not set the envelope sender"),
	TEXT('f', NULL, &given_sender, "sender", "envelope sender"),
	OPTS_END
};

struct draft {
	struct author author;
	struct compose header;
	struct buf text;	/* what was read so far */
	size_t body;		/* where the body begins in it */
	bool name_comment, verp_each, verp_message;
	struct addr sender;
	struct buf rcpts;	/* each ended by NUL */
	struct buf mail_params, rcpt_params;	/* delivery status parameters of the message and of each recipient */
	struct buf added;	/* fields of ours */
	struct client *client;	/* NULL: print */
	struct out out;
	uint64_t sent, limit;
};

/* Our exit codes are 0, 100 and 111, whatever the queue's would be. */
static void quit(const struct err *e)
{
	die(err_exit(e), "%s", log_err(e));
}

static void letters(struct draft *d)
{
	const char *v = conf_env(CONF_QMAILINJECT);

	for (; v && *v; v++) {
		switch (*v) {
		case 'c':
			d->name_comment = true;
			break;
		case 's':
			ignore_path = 1;
			break;
		case 'f':
			d->header.drop_from = true;
			break;
		case 'i':
			d->header.drop_id = true;
			break;
		case 'r':
			d->verp_each = true;
			break;
		case 'm':
			d->verp_message = true;
			break;
		case 'n':
			print = 1;
			break;
		}
	}
	d->header.ignore_path = ignore_path;
}

static void read_header(struct draft *d)
{
	struct head_scan scan = {0, 0};
	struct err e = {0};
	ssize_t r = 1;

	while (!head_scan(&scan, buf_str(&d->text), r == 0)) {
		if (d->text.n > HEADER_MAX)
			die(100, "header of more than %d bytes", HEADER_MAX);
		r = fd_read(0, block, BLOCK);
		if (r < 0)
			die(111, "unable to read the message: %s", log_errno(errno));
		buf_put(&d->text, block, (size_t)r);
	}
	struct str text = buf_str(&d->text);

	d->body = scan.line + head_separator(str_from(text, scan.line));
	if (compose_header(&d->header, str_to(text, scan.line), &e) < 0)
		quit(&e);
}

/* A control file that cannot be read must not become part of an address. */
static void check(const struct draft *d)
{
	if (d->author.e.class)
		quit(&d->author.e);
}

static void word(struct draft *d, const char *arg, struct addr *a)
{
	struct err e = {0};

	if (addr_word(str_z(arg), a, &e) < 0)
		die(100, "unable to parse the address %s: %s", arg, e.text);
	addr_complete(a, author_value, &d->author);
}

static void find_sender(struct draft *d)
{
	struct buf suffix = BUF_INIT;

	if (d->verp_message)
		buf_fmt(&suffix, "-%lld.%ld", (long long)clock_now(), (long)proc_pid());
	if (d->verp_each)
		buf_addc(&suffix, '-');
	if (given_sender)
		word(d, given_sender, &d->sender);
	else if (d->header.sender_given)
		buf_set(&d->sender.text, buf_str(&d->header.sender));
	else
		author_sender(&d->author, buf_str(&suffix), &d->sender);
	if (d->verp_each)
		buf_adds(&d->sender.text, "-@[]");
	buf_free(&suffix);
}

static void from_arguments(struct draft *d, int argc, char **argv)
{
	long max = 0;
	struct err e = {0};

	if (argc > 1 && conf_int(CONF_MAXRECIPIENTS, &max, &e) < 0)
		quit(&e);
	if (max > 0 && argc - 1 > max)
		die(100, "more than %ld recipients", max);
	for (int i = 1; i < argc; i++) {
		struct addr a = ADDR_INIT;

		word(d, argv[i], &a);
		if (a.text.n) {
			buf_add(&d->rcpts, buf_str(&a.text));
			buf_addc(&d->rcpts, 0);
		}
		addr_free(&a);
	}
}

static void find_recipients(struct draft *d, int argc, char **argv)
{
	if (source == ARGS_OR_HEADER)
		source = argc > 1 ? ARGS : HEADER;
	if (source != HEADER)
		from_arguments(d, argc, argv);
	if (source != ARGS)
		buf_add(&d->rcpts, buf_str(d->header.resent ? &d->header.resent_to : &d->header.to));
}

/* Is one of the visible recipients a list of QMAILMFTFILE? */
static bool to_a_list(struct draft *d)
{
	struct table lists = TABLE_INIT;
	const char *fn = conf_env(CONF_QMAILMFTFILE);
	bool hit = false;

	if (!fn || !*fn || d->header.resent || d->header.seen & SEEN_FOLLOWUP)
		return false;
	if (file_slurp(fn, &lists.list.text, HEADER_MAX) < 0)
		die(111, "unable to read %s: %s", fn, log_errno(errno));
	list_parse(&lists.list);
	table_index(&lists, false);
	for (struct str rest = buf_str(&d->header.visible); rest.n && !hit; )
		hit = table_has(&lists, str_cut(&rest, 0));
	table_free(&lists);
	return hit;
}

static void add_id(struct draft *d, const char *prefix, time_t now)
{
	struct buf host = BUF_INIT;
	struct err e = {0};

	if (conf_line(CONF_IDHOST, &host, &e) < 0)
		quit(&e);
	buf_fmt(&d->added, "%sMessage-ID: <", prefix);
	date_compact(&d->added, now);
	buf_fmt(&d->added, ".%ld.indimail@%s>\n", (long)proc_pid(), host.p);
	buf_free(&host);
}

/* The fields that every message must have and this one does not. */
static void add_missing(struct draft *d)
{
	const char *prefix = d->header.resent ? "Resent-" : "";
	unsigned seen = d->header.resent ? d->header.resent_seen : d->header.seen;
	time_t now = clock_now();

	if (!(seen & SEEN_DATE)) {
		buf_fmt(&d->added, "%sDate: ", prefix);
		date_rfc822(&d->added, now);
		buf_addc(&d->added, '\n');
	}
	if (!(seen & SEEN_ID))
		add_id(d, prefix, now);
	if (!(seen & SEEN_FROM)) {
		buf_fmt(&d->added, "%sFrom: ", prefix);
		author_from(&d->author, d->name_comment, &d->added);
		buf_addc(&d->added, '\n');
	}
	if (!(seen & (SEEN_TO | SEEN_CC)))
		buf_fmt(&d->added, "%sCc: recipient list not shown: ;\n", prefix);
	if (to_a_list(d))
		compose_list(&d->added, "Mail-Followup-To", buf_str(&d->header.visible));
}

/* What sender and recipients change in the environment. */
static void apply_rules(struct draft *d)
{
	struct buf sender = BUF_INIT;
	struct list l = LIST_INIT;
	struct err e = {0};

	buf_set(&sender, buf_str(&d->sender.text));
	buf_lower(&sender);
	if (rules_apply(CONF_FROMRULES, buf_str(&sender), &e) < 0 || conf_list(CONF_DOMAINQUEUE, &l, &e) < 0)
		quit(&e);
	for (struct str rest = buf_str(&d->rcpts); l.lines.n && rest.n; )
		rules_apply_domain(&l, str_cut(&rest, 0));
	list_free(&l);
	buf_free(&sender);
}

static void refuse(struct draft *d, int code, const char *why)
{
	client_free(d->client);
	die(code, "%s", why);
}

static void too_large(struct draft *d)
{
	refuse(d, 100, "message is larger than databytes allows (#5.3.4)");
}

static void put(struct draft *d, struct str s)
{
	d->sent += s.n;
	if (d->limit && d->sent > d->limit)
		too_large(d);
	if (d->client)
		client_put(d->client, s.p, s.n);
	else if (out_add(&d->out, s) < 0)
		die(111, "unable to write: %s", log_errno(errno));
}

static void put_message(struct draft *d)
{
	ssize_t r;

	put(d, buf_str(&d->added));
	put(d, buf_str(&d->header.fields));
	put(d, STR("\n"));
	put(d, str_from(buf_str(&d->text), d->body));
	while ((r = fd_read(0, block, sizeof block)) > 0)
		put(d, str_make(block, (size_t)r));
	if (r < 0)
		refuse(d, 111, "unable to read the message");
}

static void set_limit(struct draft *d)
{
	struct stat st;
	long max = 0;
	struct err e = {0};

	if (conf_int(CONF_DATABYTES, &max, &e) < 0)
		quit(&e);
	d->limit = max > 0 ? (uint64_t)max : 0;
	if (d->limit && file_fstat(0, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size > d->limit)
		too_large(d);
}

/* What delivery reports the sender wants: QMAILNOTIFY, QMAILRET, QMAILENVID. */
static void status_params(struct draft *d)
{
	struct str notify = str_z(conf_env(CONF_QMAILNOTIFY)), ret = str_z(conf_env(CONF_QMAILRET));
	struct dsn dsn = {0};
	struct buf envid = BUF_INIT;

	dsn_xtext(str_z(conf_env(CONF_QMAILENVID)), &envid);
	if (ret.n && dsn_mail_param(&dsn, STR("RET"), ret) < 0)
		die(100, "QMAILRET must be FULL or HDRS");
	if (envid.n && dsn_mail_param(&dsn, STR("ENVID"), buf_str(&envid)) < 0)
		die(100, "QMAILENVID is too long or not printable");
	dsn_write(&dsn, &d->mail_params);
	dsn = (struct dsn){0};
	if (notify.n && dsn_rcpt_param(&dsn, STR("NOTIFY"), notify) < 0)
		die(100, "QMAILNOTIFY must be NEVER or some of SUCCESS,FAILURE,DELAY");
	dsn_write(&dsn, &d->rcpt_params);
	buf_free(&envid);
}

static void print_message(struct draft *d)
{
	static char space[BLOCK];
	struct buf path = BUF_INIT;

	d->sender.at = str_rchr(buf_str(&d->sender.text), '@');
	buf_adds(&path, "Return-Path: <");
	addr_quote(&path, &d->sender);
	buf_adds(&path, ">\n");
	out_init(&d->out, 1, space, sizeof space);
	out_add(&d->out, buf_str(&path));
	put_message(d);
	if (out_flush(&d->out) < 0)
		die(111, "unable to write: %s", log_errno(errno));
	buf_free(&path);
}

static void queue_message(struct draft *d)
{
	struct err e = {0};

	if (!d->rcpts.n)
		die(100, "no recipients");
	d->client = client_new();
	client_last(d->client);
	if (client_open(d->client, &e) < 0)
		refuse(d, 111, log_err(&e));
	put_message(d);
	client_from(d->client, buf_str(&d->sender.text));
	client_params(d->client, buf_str(&d->mail_params));
	for (struct str rest = buf_str(&d->rcpts); rest.n; ) {
		client_to(d->client, str_cut(&rest, 0));
		client_params(d->client, buf_str(&d->rcpt_params));
	}
	const char *why = client_close(d->client);

	if (*why)
		die(*why == 'D' ? 100 : 111, "%s", why + 1);
	client_free(d->client);
}

static int inject_main(int argc, char **argv)
{
	struct draft d = {.text = BUF_INIT, .rcpts = BUF_INIT, .mail_params = BUF_INIT, .rcpt_params = BUF_INIT,
		.added = BUF_INIT, .sender = ADDR_INIT};

	author_init(&d.author);
	compose_init(&d.header, author_value, &d.author);
	letters(&d);
	status_params(&d);
	read_header(&d);
	find_sender(&d);
	find_recipients(&d, argc, argv);
	add_missing(&d);
	check(&d);
	apply_rules(&d);
	set_limit(&d);
	if (print)
		print_message(&d);
	else
		queue_message(&d);
	author_free(&d.author);
	compose_free(&d.header);
	addr_free(&d.sender);
	buf_free(&d.text);
	buf_free(&d.rcpts);
	buf_free(&d.mail_params);
	buf_free(&d.rcpt_params);
	buf_free(&d.added);
	return 0;
}

APPLET(inject) = {
	.name = "inject", .aliases = "qmail-inject", .family = "inject",
	.brief = "complete a message's header and send it",
	.args = "[recipient ...]", .opts = opts, .role = AS_CALLER,
	.flags = APPLET_CLIENT, .main = inject_main,
};
