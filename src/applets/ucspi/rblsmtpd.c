/* rblsmtpd - refuse mail of clients that DNS lists speak of.  Run by tcpserver in front of the SMTP server, whose
 * place it takes for a refused client: a short dialogue, bounded in time, that accepts nothing.  Every other client
 * gets the program, in the same process when it is one of ours. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/smtp/command.h"
#include "core/smtp/rbl.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/in.h"
#include "core/sys/out.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

enum {
	LOOKUP_MS = 20000,	/* per group of lists */
	LINE = 1024,		/* bytes of a command that are read; the rest of a longer line is skipped */
	LOGGED = 100,		/* senders and recipients noted per session */
	LISTS = 256,
	LIMIT = 60,		/* seconds of a session */
};

static int bounce, closed, delay_env;
static long limit = LIMIT, delay;
static VEC(struct rbl_list) lists;
static bool has_list;

/* Lists are asked in the order of the options; -b -B -c -C count for the lists behind them. */
static int add_list(char letter, const char *arg)
{
	struct rbl_list l = {.anti = letter == 'a', .bounce = bounce, .closed = closed};
	struct str rest = str_z(arg);

	l.zone = l.anti ? rest : str_cut(&rest, ':');
	if (!l.anti)
		l.message = rest;
	if (!l.zone.n || lists.n == LISTS)
		return -1;
	has_list |= !l.anti;
	vec_push(&lists, l);
	return 0;
}

static const struct opt opts[] = {
	CALL('r', NULL, add_list, "BASE[:TEXT]", "refuse clients that BASE lists, with its text, or with TEXT"),
	CALL('a', NULL, add_list, "BASE", "accept clients that BASE lists"),
	FLAGV('b', NULL, &bounce, 1, "refuse for good (553)"),
	FLAGV('B', NULL, &bounce, 0, "refuse for now (451)"),
	FLAGV('c', NULL, &closed, 1, "lists that cannot be asked refuse"),
	FLAGV('C', NULL, &closed, 0, "lists that cannot be asked are skipped"),
	NUM('t', NULL, &limit, "SECONDS", "limit of a refused client's session, 0: refuse and leave"),
	NUM('w', NULL, &delay, "SECONDS", "wait before the greeting; negative: drop clients that speak earlier"),
	FLAG('W', NULL, &delay_env, "wait for GREETDELAY seconds"),
	OPTS_END
};

struct session {
	struct in in;
	struct out out;
	char in_space[2048], out_space[2048];
	struct buf greeting, refusal;
	struct str ip;
	long long end;		/* of the session, clock_mono_ms */
	int logged;
};

static void note(struct session *s, const char *what, struct str address)
{
	if (s->logged++ < LOGGED)
		log_line("rblsmtpd:  pid %ld from %.*s: %s <%.*s>", (long)proc_pid(), STR_FMT(s->ip), what,
			STR_FMT(address));
}

static void say(struct session *s, const char *code, struct str text)
{
	out_adds(&s->out, code);
	out_add(&s->out, text);
	out_adds(&s->out, "\r\n");
}

/* Answers go out, and time is taken, before every wait for the client. */
static void before_wait(void *arg)
{
	struct session *s = arg;
	long long left = s->end - clock_mono_ms();

	s->in.timeout = s->out.timeout = left > 0 ? (int)left : 0;
	out_flush(&s->out);
}

static void ehlo(struct session *s)
{
	static const char *const offers[] = {"250-PIPELINING", "250-8BITMIME", "250-STARTTLS", "250 HELP"};
	bool list = conf_set(CONF_RBLEHLO);

	say(s, list ? "250-" : "250 ", buf_str(&s->greeting));
	for (size_t i = 0; list && i < sizeof offers / sizeof *offers; i++)
		say(s, offers[i], STR(""));
}

static void envelope(struct session *s, const char *what, struct str arg)
{
	struct buf address = BUF_INIT;
	struct str rest;

	if (command_address(arg, &address, &rest))
		note(s, what, buf_str(&address));
	buf_free(&address);
}

/* One command: false when it was the last. */
static bool obey(struct session *s, struct str line)
{
	struct command c = command_split(str_rtrim(line));

	if (str_ieq(c.verb, STR("QUIT"))) {
		say(s, "221 ", buf_str(&s->greeting));
		log_line("rblsmtpd:  pid %ld from %.*s: Session terminated: quitting", (long)proc_pid(),
			STR_FMT(s->ip));
		return false;
	}
	if (str_ieq(c.verb, STR("EHLO"))) {
		ehlo(s);
	} else if (str_ieq(c.verb, STR("MAIL"))) {
		envelope(s, "Sender", c.arg);
		say(s, "250 ", buf_str(&s->greeting));
	} else if (str_ieq(c.verb, STR("HELO")) || str_ieq(c.verb, STR("RSET")) || str_ieq(c.verb, STR("NOOP"))) {
		say(s, "250 ", buf_str(&s->greeting));
	} else if (str_ieq(c.verb, STR("VRFY"))) {
		say(s, "252 ", buf_str(&s->greeting));
	} else {
		if (str_ieq(c.verb, STR("RCPT")))
			envelope(s, "Recipient", c.arg);
		say(s, "", buf_str(&s->refusal));
	}
	return true;
}

/* The next command; what is too long is read to its end and answered like any unknown command. */
static bool next_line(struct session *s, struct buf *line)
{
	bool whole = true;
	char c = 0;

	buf_clear(line);
	while (in_byte(&s->in, &c) == 1 && c != '\n' && s->in.timeout)
		if (line->n < LINE)
			buf_addc(line, c);
		else
			whole = false;
	if (c != '\n')
		return false;
	if (!whole)
		buf_clear(line);
	return true;
}

static void talk(struct session *s)
{
	struct buf line = BUF_INIT;

	say(s, "220 ", buf_str(&s->greeting));
	while (!s->out.failed && clock_mono_ms() < s->end && next_line(s, &line) && obey(s, buf_str(&line)))
		;
	before_wait(s);
	buf_free(&line);
}

/* The client is refused: this is all it gets. */
static int refuse(enum rbl_decision why, struct buf *text, struct str ip)
{
	struct session s = {.greeting = BUF_INIT, .refusal = BUF_INIT, .ip = ip};

	sig_ignore(SIGPIPE);
	rbl_clean(text);
	buf_fmt(&s.refusal, "%s %s", why == RBL_NEVER ? "553" : "451", text->p);
	log_line("rblsmtpd:  pid %ld from %.*s: %s", (long)proc_pid(), STR_FMT(ip), s.refusal.p);
	conf_line(CONF_RBLGREETING, &s.greeting, NULL);
	in_init(&s.in, 0, s.in_space, sizeof s.in_space);
	out_init(&s.out, 1, s.out_space, sizeof s.out_space);
	s.in.before_wait = before_wait;
	s.in.wait_arg = &s;
	s.end = clock_mono_ms() + (limit > 0 ? limit : 10) * 1000LL;
	if (limit > 0) {
		talk(&s);
	} else {
		say(&s, "", buf_str(&s.refusal));
		before_wait(&s);
	}
	buf_free(&s.greeting);
	buf_free(&s.refusal);
	return 0;
}

/* RBLSMTPD decides alone, without any list. */
static enum rbl_decision decided(const char *value, struct str ip, struct buf *text)
{
	bool never = *value == '-';

	if (!*value)
		return RBL_ACCEPT;
	rbl_expand(text, str_z(value + never), ip);
	return never ? RBL_NEVER : RBL_LATER;
}

static enum rbl_decision look_up(const char *address, struct buf *text)
{
	struct err e = {0};
	struct ip ip;

	if (!ip_scan(str_z(address), &ip))
		return RBL_NONE;
	struct dns *d = dns_open(LOOKUP_MS, &e);

	if (!d)
		die_err(&e);
	enum rbl_decision r = rbl_ask(d, &ip, lists.p, lists.n, text);

	dns_close(d);
	return r;
}

/* Wait before the greeting, ours or the program's; false: the client spoke first and is dropped for it. */
static bool wait_first(struct str ip)
{
	enum { LONGEST = 3600 };

	if (delay_env || delay) {
		num_lead(str_z(conf_env(CONF_GREETDELAY)), &delay);
		env_unset("GREETDELAY");	/* the program need not wait again */
	}
	if (delay > 0)
		clock_sleep_ms((delay < LONGEST ? delay : LONGEST) * 1000);
	if (delay >= 0 || fd_wait(0, POLLIN, (int)(delay > -LONGEST ? -delay : LONGEST) * 1000) == 0)
		return true;
	log_line("rblsmtpd:  pid %ld from %.*s: Session terminated: early talker", (long)proc_pid(), STR_FMT(ip));
	return false;
}

/* What to answer the client, or -1: it is to be served. */
static int screen(void)
{
	const char *address = conf_env(CONF_TCPREMOTEIP), *set = conf_env(CONF_RBLSMTPD);
	struct buf text = BUF_INIT, kept = BUF_INIT;

	/* the environment may move */
	buf_adds(&kept, address ? address : "");
	struct str ip = buf_str(&kept);
	int code = -1;
	enum rbl_decision r = set ? decided(set, ip, &text) : look_up(kept.p, &text);

	if (r != RBL_ACCEPT && !wait_first(ip))
		code = 0;
	else if (r == RBL_LATER || r == RBL_NEVER)
		code = refuse(r, &text, ip);
	buf_free(&text);
	buf_free(&kept);
	return code;
}

/* Nothing of this client stays for the next one. */
static void forget(void)
{
	bounce = closed = delay_env = 0;
	limit = LIMIT;
	delay = 0;
	has_list = false;
	vec_free(&lists);
}

static int rblsmtpd_main(int argc, char **argv)
{
	if (argc < 2 || !has_list)
		die_usage();
	int code = screen();

	forget();
	return code < 0 ? run_chain_back(argv + 1) : code;
}

APPLET(rblsmtpd) = {
	.name = "rblsmtpd", .family = "ucspi",
	.brief = "refuse mail of clients that DNS lists speak of",
	.args = "prog [argument ...]", .opts = opts, .flags = APPLET_AGAIN | APPLET_CHAIN, .role = AS_CALLER,
	.main = rblsmtpd_main,
};
