/* session - the state machine of an SMTP server; see session.h. */
#include "core/smtp/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "core/base/num.h"
#include "core/mail/date.h"
#include "core/smtp/aside.h"
#include "core/smtp/command.h"
#include "core/smtp/envrules.h"
#include "core/smtp/message.h"
#include "core/smtp/policy.h"
#include "core/smtp/secure.h"

enum {
	LINE_MAX_BYTES = 4096,	/* a command line, when maxcmdlen sets no limit (RFC 5321 section 4.5.3.1) */
	PORT_ODMR = 366,
};

void session_end(struct session *s, int code)
{
	s->done = true;
	s->code = code;
}

void session_forget(struct session *s)
{
	s->mail_seen = false;
	envrules_undo(s);
}

void session_log(struct session *s, const char *fmt, ...)
{
	char text[3500];
	int n = snprintf(text, sizeof text, "%s: pid %ld from %s ", s->conf->name, s->hooks->pid, s->conf->ip);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof text - (size_t)n, fmt, ap);
	va_end(ap);
	s->hooks->log(s->hooks->ctx, text);
}

/* Our name: the first line of the greeting. */
static struct str name_of(const struct session *s)
{
	return s->conf->greeting.lines.p[0];
}

/* GREETING */

static void refuse_greeting(struct session *s)
{
	const char *v = s->conf->refuse;
	uint64_t number;

	if (num_parse(str_to(str_z(v), 3), 599, &number) && number >= 400)
		reply_part(&s->reply, (int)number, true, str_trim(str_z(v + 3)));
	else
		reply_line(&s->reply, 421, NULL, "%.*s SMTP service unavailable (#4.3.2)", STR_FMT(name_of(s)));
}

static void greet(struct session *s)
{
	const struct list *g = &s->conf->greeting;
	struct buf line = BUF_INIT;

	if (s->conf->refuse) {
		refuse_greeting(s);
		return;
	}
	for (size_t i = 0; i < g->lines.n; i++) {
		buf_set(&line, g->lines.p[i]);
		if (i == 0 && s->conf->mini) {
			buf_adds(&line, " ESMTP");
		} else if (i == 0 && !s->conf->plain_greeting) {
			buf_adds(&line, " (NO UCE) ESMTP IndiMail " INDIMAIL_VERSION " ");
			date_rfc822(&line, s->hooks->now(s->hooks->ctx));
		}
		reply_part(&s->reply, 220, i + 1 == g->lines.n, buf_str(&line));
	}
	buf_free(&line);
}

/* HELO, EHLO */

static bool hello(struct session *s, struct str arg, bool esmtp)
{
	struct err e;

	if (policy_gate(s))
		return false;
	session_forget(s);
	envrules_policy(s, &e);	/* for the limit in the reply; MAIL tells of trouble */
	s->esmtp = esmtp;
	s->reply.enhanced = esmtp && s->conf->enhanced;
	s->helo_seen = true;
	buf_set(&s->helo, arg.n ? arg : str_z(s->conf->host));
	return true;
}

static void hello_name(struct session *s, struct str arg, struct buf *line)
{
	buf_add(line, name_of(s));
	if (!arg.n)
		buf_fmt(line, " [%s]", s->conf->ip);
}

static void verb_helo(struct session *s, struct str arg)
{
	struct buf line = BUF_INIT;

	if (!hello(s, arg, false))
		return;
	hello_name(s, arg, &line);
	reply_part(&s->reply, 250, true, buf_str(&line));
	buf_free(&line);
}

static void offer_size(struct session *s)
{
	struct buf line = BUF_INIT;

	if (s->conf->databytes > 0) {
		buf_fmt(&line, "SIZE %ld", s->conf->databytes);
		reply_part(&s->reply, 250, false, buf_str(&line));
	}
	buf_free(&line);
}

/* What EHLO offers besides PIPELINING; the small server has less. */
static void extensions(struct session *s)
{
	if (s->conf->mini) {
		offer_size(s);
		reply_part(&s->reply, 250, true, STR("8BITMIME"));
		return;
	}
	reply_part(&s->reply, 250, false, STR("8BITMIME"));
	offer_size(s);
	if (secure_offered(s))
		reply_part(&s->reply, 250, false, STR("STARTTLS"));
	if (s->conf->enhanced)
		reply_part(&s->reply, 250, false, STR("ENHANCEDSTATUSCODES"));
	if (s->conf->utf8)
		reply_part(&s->reply, 250, false, STR("SMTPUTF8"));
	if (s->conf->dsn)
		reply_part(&s->reply, 250, false, STR("DSN"));
	reply_part(&s->reply, 250, true, STR("HELP"));
}

static void verb_ehlo(struct session *s, struct str arg)
{
	struct buf line = BUF_INIT;

	if (!hello(s, arg, true))
		return;
	hello_name(s, arg, &line);
	reply_part(&s->reply, 250, false, buf_str(&line));
	reply_part(&s->reply, 250, false, STR("PIPELINING"));
	extensions(s);
	buf_free(&line);
}

/* MAIL, RCPT */

static void verb_mail(struct session *s, struct str arg)
{
	if (!policy_mail(s, arg))
		return;
	s->mail_seen = true;
	reply_line(&s->reply, 250, "2.1.0", "ok");
}

static void verb_rcpt(struct session *s, struct str arg)
{
	if (!policy_rcpt(s, arg))
		return;
	buf_addc(&s->rcpts, s->rcpt_ours ? 'L' : 'R');
	buf_add(&s->rcpts, buf_str(&s->rcpt));
	buf_addc(&s->rcpts, 0);
	buf_add(&s->rcpts, buf_str(&s->rcpt_params));
	buf_addc(&s->rcpts, 0);
	s->rcpt_count++;
	reply_line(&s->reply, 250, "2.1.5", "ok");
}

/* ENDINGS */

void session_read_failed(struct session *s, bool timeout, const char *why)
{
	if (timeout) {
		session_log(s, "timeout");
		reply_line(&s->reply, 451, NULL, "timeout (#4.4.2)");
	} else {
		session_log(s, "read error: %s", why);
	}
	session_end(s, 1);
}

void session_stray(struct session *s, const char *what)
{
	session_log(s, "%s received: MAIL from <%s>", what, s->mail_seen ? s->sender.p : "");
	reply_line(&s->reply, 451, NULL, "sorry, %s received where only CR LF ends a line (#4.6.0)", what);
	session_end(s, 1);
}

/* SMALL VERBS */

static void verb_rset(struct session *s, struct str arg)
{
	if (arg.n) {
		reply_line(&s->reply, 501, NULL, "invalid parameter syntax (#5.3.2)");
		return;
	}
	session_forget(s);
	reply_line(&s->reply, 250, NULL, "flushed");
}

static void verb_noop(struct session *s, struct str arg)
{
	if (policy_gate(s))
		return;
	if (arg.n)
		reply_line(&s->reply, 501, NULL, "invalid parameter syntax (#5.3.2)");
	else
		reply_line(&s->reply, 250, NULL, "ok");
}

static void verb_vrfy(struct session *s, struct str arg)
{
	(void)arg;
	if (!policy_gate(s))
		reply_line(&s->reply, 252, NULL, "send some mail, we will see whether it arrives (#2.7.0)");
}

static void verb_auth(struct session *s, struct str arg)
{
	(void)arg;
	if (!policy_gate(s))
		reply_line(&s->reply, 503, NULL, "auth not available (#5.3.3)");
}

static void verb_quit(struct session *s, struct str arg)
{
	(void)arg;
	reply_line(&s->reply, 221, NULL, "%.*s closing connection", STR_FMT(name_of(s)));
	session_end(s, 0);
}

static void verb_help(struct session *s, struct str arg);

/* THE VERBS */

enum { ODMR = 1 };	/* also on port 366 */

static const struct verb {
	const char *name;
	void (*run)(struct session *s, struct str arg);	/* NULL: known but not to be had here */
	unsigned flags;
} verbs[] = {
	{"RCPT", verb_rcpt, 0}, {"MAIL", verb_mail, 0}, {"DATA", message_receive, 0}, {"AUTH", verb_auth, ODMR},
	{"QUIT", verb_quit, ODMR}, {"HELO", verb_helo, ODMR}, {"EHLO", verb_ehlo, ODMR}, {"RSET", verb_rset, 0},
	{"HELP", verb_help, ODMR}, {"NOOP", verb_noop, 0}, {"VRFY", verb_vrfy, 0}, {"ETRN", NULL, ODMR},
	{"ATRN", NULL, ODMR}, {"STARTTLS", secure_verb, 0},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static bool offered(const struct session *s, const struct verb *v)
{
	if (!v->run || (s->conf->port == PORT_ODMR && !(v->flags & ODMR)))
		return false;
	if (v->run == secure_verb && !secure_offered(s))
		return false;
	if (v->run == verb_auth && s->conf->mini)
		return false;
	return !(v->run == verb_vrfy && s->conf->no_vrfy) && !(v->run == verb_help && s->conf->no_help);
}

static void verb_help(struct session *s, struct str arg)
{
	struct buf line = BUF_INIT;
	const char *code = s->reply.enhanced ? "2.0.0 " : "";

	(void)arg;
	buf_fmt(&line, "%sIndiMail SMTP server version %s", code, INDIMAIL_VERSION);
	reply_part(&s->reply, 214, false, buf_str(&line));
	buf_clear(&line);
	buf_fmt(&line, "%ssupported commands", code);
	reply_part(&s->reply, 214, false, buf_str(&line));
	buf_clear(&line);
	buf_adds(&line, code);
	for (unsigned i = 0; i < VERBS; i++)
		if (offered(s, &verbs[i]) && verbs[i].run != verb_auth)
			buf_fmt(&line, "%s ", verbs[i].name);
	reply_part(&s->reply, 214, true, str_rtrim(buf_str(&line)));
	buf_free(&line);
}

static void obey(struct session *s, struct str line)
{
	struct command c = command_split(line);

	for (unsigned i = 0; i < VERBS; i++) {
		if (!str_ieq(c.verb, str_z(verbs[i].name)))
			continue;
		if (offered(s, &verbs[i]))
			verbs[i].run(s, c.arg);
		else
			reply_line(&s->reply, 502, NULL, "unimplemented (#5.5.1)");
		return;
	}
	reply_line(&s->reply, 502, NULL, "command %.*s not recognized (#5.5.2)", STR_FMT(str_to(c.verb, 64)));
}

/* READING COMMANDS */

/* A line beyond the limit: the administrator's limit ends the session, the built-in one skips the line. */
static void too_long(struct session *s)
{
	int r = 1;

	if (s->conf->maxcmdlen > 0) {
		reply_line(&s->reply, 553, NULL, "sorry, that command is too long (#5.5.2)");
		session_end(s, 1);
		return;
	}
	while ((r = in_fill(s->in)) > 0) {
		struct str rest = in_peek(s->in);
		size_t lf = str_chr(rest, '\n');

		in_skip(s->in, lf < rest.n ? lf + 1 : rest.n);
		if (lf < rest.n)
			break;
	}
	if (r > 0)
		reply_line(&s->reply, 500, NULL, "sorry, that line is too long (#5.5.2)");
	else
		session_read_failed(s, r < 0 && errno == ETIMEDOUT, r < 0 ? strerror(errno) : "client went away");
}

/* The line without its end; false: it was answered already. */
static bool line_end(struct session *s, struct str *line)
{
	*line = str_to(*line, line->n - 1);
	if (line->n && line->p[line->n - 1] == '\r') {
		*line = str_to(*line, line->n - 1);
	} else if (!s->conf->allow_lf) {
		session_stray(s, "Bare LF");
		return false;
	}
	if (str_chr(*line, '\r') < line->n) {
		session_stray(s, "Bare CR");
		return false;
	}
	if (str_chr(*line, 0) < line->n) {
		reply_line(&s->reply, 500, NULL, "sorry, a command holds no NUL (#5.5.2)");
		return false;
	}
	return true;
}

static void one_command(struct session *s)
{
	size_t max = s->conf->maxcmdlen > 0 ? (size_t)s->conf->maxcmdlen + 2 : LINE_MAX_BYTES;
	struct str line;

	buf_clear(&s->line);
	s->between = true;
	int r = in_line(s->in, &s->line, '\n', max);

	s->between = false;
	line = buf_str(&s->line);
	if (r < 0 && errno == ECANCELED)
		session_end(s, SESSION_ASIDE);
	else if (s->reply.out->failed)
		session_read_failed(s, false, strerror(s->reply.out->failed));
	else if (r < 0 && errno == EMSGSIZE)
		too_long(s);
	else if (r < 0)
		session_read_failed(s, errno == ETIMEDOUT, strerror(errno));
	else if (r == 0)
		session_read_failed(s, false, "client went away");
	else if (line_end(s, &line))
		obey(s, line);
}

static void flush_out(void *out)
{
	out_flush(out);
}

/* A client that never says hello is known by its name. */
void session_greet_anew(struct session *s)
{
	session_forget(s);
	s->esmtp = s->reply.enhanced = false;
	s->helo_seen = true;
	buf_set(&s->helo, str_z(s->conf->host));
}

static bool idle(void *arg)
{
	struct session *s = arg;

	if (s->aside && s->aside->allowed && aside_possible(s))
		return true;
	s->hooks->idle(s->hooks->ctx);
	return false;
}

/* Say hello, or go on where an earlier run stopped. */
static void begin(struct session *s)
{
	struct session_aside *a = s->aside;
	struct err e = {0};

	session_greet_anew(s);
	if (!a || !a->resumed) {
		if (secure_first(s))
			greet(s);
		return;
	}
	if (aside_read(s, buf_str(a->state), &e) < 0) {
		policy_unreadable(s, &e);
		session_end(s, 1);
	} else if (a->late) {
		session_read_failed(s, true, "");
	}
	buf_clear(a->state);
}

int session_run(struct smtp_config *c, const struct smtp_hooks *h, struct in *in, struct out *out,
	struct session_aside *aside)
{
	struct session s = {.conf = c, .hooks = h, .in = in, .aside = aside, .reply.out = out, .line = BUF_INIT, .helo = BUF_INIT,
		.sender = BUF_INIT, .auth_param = BUF_INIT, .params = BUF_INIT, .rcpts = BUF_INIT,
		.rcpt = BUF_INIT, .rcpt_params = BUF_INIT, .cert_email = BUF_INIT, .domainqueue = LIST_INIT};

	in->before_wait = flush_out;
	in->wait_arg = out;
	in->idle = idle;
	in->idle_arg = &s;
	begin(&s);
	while (!s.done)
		one_command(&s);
	out_flush(out);
	if (s.code == SESSION_ASIDE)
		aside_write(&s, aside->state);
	session_forget(&s);
	tls_close(s.tls);
	list_free(&s.domainqueue);
	buf_free(&s.cert_email);
	buf_free(&s.line);
	buf_free(&s.helo);
	buf_free(&s.sender);
	buf_free(&s.auth_param);
	buf_free(&s.params);
	buf_free(&s.rcpts);
	buf_free(&s.rcpt);
	buf_free(&s.rcpt_params);
	return s.code;
}
