/* policy - the checks of MAIL, RCPT and DATA as three lists; see policy.h.
 * A new check is one function and one row; the order of the rows is the order of the reference. */
#include "core/smtp/policy.h"

#include "core/base/num.h"
#include "core/base/utf8.h"
#include "core/smtp/command.h"
#include "core/smtp/dsn.h"
#include "core/smtp/envrules.h"
#include "core/smtp/secure.h"

enum { RCPTS_MAX = 96 << 20 };	/* bytes of recipients one session may keep: 100,000 of the longest */

/* Answers and returns false to refuse. */
typedef bool (*check)(struct session *s, struct str arg);

static bool refuse(struct session *s, int number, const char *text)
{
	reply_line(&s->reply, number, NULL, "%s", text);
	return false;
}

bool policy_unreadable(struct session *s, const struct err *e)
{
	session_log(s, "%s", e->text);
	return refuse(s, 451, "sorry, local trouble reading our configuration (#4.3.0)");
}

bool policy_gate(struct session *s)
{
	if (!s->conf->refuse)
		return false;
	session_log(s, "service is shut down");
	s->hooks->pause(s->hooks->ctx, 5);
	refuse(s, 503, "bad sequence of commands (#5.3.2)");
	return true;
}

static bool gate(struct session *s, struct str arg)
{
	(void)arg;
	return !policy_gate(s);
}

static bool bad_address(struct session *s)
{
	return refuse(s, 555, "sorry, there is a syntax error in that address (#5.1.3)");
}

/* Non-ASCII text passes only as valid UTF-8 in a transaction that asked for SMTPUTF8 (RFC 6531). */
static bool encoding(struct session *s, struct str addr)
{
	if (utf8_ascii(addr))
		return true;
	if (!s->body_utf8)
		return refuse(s, 553, "sorry, non-ASCII addresses need SMTPUTF8 here (#5.6.7)");
	return utf8_valid(addr) || bad_address(s);
}

/* MAIL */

static bool hello(struct session *s, struct str arg)
{
	(void)arg;
	return s->helo_seen || refuse(s, 503, "Polite people say hello first (#5.5.4)");
}

static bool one_transaction(struct session *s, struct str arg)
{
	(void)arg;
	session_forget(s);
	s->size_refused = s->body_utf8 = false;
	s->rcpt_count = 0;
	buf_clear(&s->rcpts);
	buf_clear(&s->params);
	buf_clear(&s->auth_param);
	return true;
}

static bool sender_syntax(struct session *s, struct str arg)
{
	return command_address(arg, &s->sender, &s->param_rest) || bad_address(s);
}

static bool sender_rules(struct session *s, struct str arg)
{
	struct err e = {0};

	(void)arg;
	return s->conf->mini || envrules_mail(s, &e) == 0 || policy_unreadable(s, &e);
}

static bool param_size(struct session *s, struct str value)
{
	uint64_t n = UINT64_MAX;

	if (!value.n || value.n > 20)
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (!chr_digit(value.p[i]))
			return false;
	/* a number too large to hold is too large to take */
	num_scan(value, &n);
	s->size_refused = s->conf->databytes > 0 && n > (uint64_t)s->conf->databytes;
	return true;
}

static bool param_auth(struct session *s, struct str value)
{
	buf_clear(&s->auth_param);
	if (str_eq(value, STR("<>")))
		buf_adds(&s->auth_param, "unknown");
	else if (!value.n || !command_xtext(value, &s->auth_param))
		return false;
	return true;
}

static bool param_body(struct session *s, struct str value)
{
	(void)s;
	return str_ieq(value, STR("7BIT")) || str_ieq(value, STR("8BITMIME"));
}

static bool param_utf8(struct session *s, struct str value)
{
	s->body_utf8 = true;
	return !value.p;
}

static const struct {
	const char *name;
	bool (*take)(struct session *s, struct str value);	/* false: the value is malformed */
} mail_params_known[] = {
	{"SIZE", param_size}, {"BODY", param_body}, {"AUTH", param_auth}, {"SMTPUTF8", param_utf8},
};

/* 1 taken, 0 unknown, -1 malformed */
static int mail_param(struct session *s, struct str name, struct str value)
{
	for (size_t i = 0; i < sizeof mail_params_known / sizeof *mail_params_known; i++) {
		if (!str_ieq(name, str_z(mail_params_known[i].name)))
			continue;
		if (mail_params_known[i].take == param_utf8 && !s->conf->utf8)
			return 0;
		return mail_params_known[i].take(s, value) ? 1 : -1;
	}
	return 0;
}

/* r: 1 taken, 0 unknown, -1 malformed */
static bool param_taken(struct session *s, int r, const char *verb)
{
	if (r < 0)
		return refuse(s, 501, "sorry, that parameter has a bad value (#5.5.4)");
	if (r == 0)
		reply_line(&s->reply, 555, NULL, "sorry, that parameter of %s is not known here (#5.5.4)", verb);
	return r > 0;
}

static bool mail_params(struct session *s, struct str arg)
{
	struct str name, value;
	struct dsn dsn = {0};

	(void)arg;
	while (command_param(&s->param_rest, &name, &value)) {
		int r = s->conf->dsn ? dsn_mail_param(&dsn, name, value) : 0;

		if (!param_taken(s, r ? r : mail_param(s, name, value), "MAIL"))
			return false;
	}
	dsn_write(&dsn, &s->params);
	return true;
}

static bool sender_encoding(struct session *s, struct str arg)
{
	(void)arg;
	return encoding(s, buf_str(&s->sender));
}

static bool badmailfrom(struct session *s, struct str arg)
{
	struct err e = {0};
	int r = match_find(&s->conf->badmailfrom, buf_str(&s->sender), &e);

	(void)arg;
	if (r < 0)
		return policy_unreadable(s, &e);
	if (r == 0)
		return true;
	session_log(s, "Invalid SENDER address: MAIL from <%s>", s->sender.p);
	return refuse(s, 553, "sorry, your envelope sender has been denied (#5.7.1)");
}

static bool force_tls(struct session *s, struct str arg)
{
	(void)arg;
	return !s->conf->force_tls || secure_on(s) || refuse(s, 530, "must issue STARTTLS first (#5.7.0)");
}

static const check mail_checks[] = {
	gate,			/* 1 */
	hello,			/* 2 */
	one_transaction,	/* a new MAIL forgets the one before */
	sender_syntax,		/* 3 */
	sender_rules,		/* 6 */
	mail_params,		/* 8 */
	sender_encoding,
	badmailfrom,		/* 11 */
	force_tls,		/* 23 */
	NULL
};

/* RCPT */

static bool mail_first(struct session *s, struct str arg)
{
	(void)arg;
	return s->mail_seen || refuse(s, 503, "MAIL first (#5.5.1)");
}

static bool recipient_syntax(struct session *s, struct str arg)
{
	if (!command_address(arg, &s->rcpt, &s->param_rest) || !s->rcpt.n)
		return bad_address(s);
	return true;
}

static bool rcpt_params(struct session *s, struct str arg)
{
	struct str name, value;
	struct dsn dsn = {0};

	(void)arg;
	while (command_param(&s->param_rest, &name, &value)) {
		int r = s->conf->dsn ? dsn_rcpt_param(&dsn, name, value) : 0;

		/* UTF-8 as it is needs SMTPUTF8 (RFC 6533 section 3) */
		if (!param_taken(s, r > 0 && !s->body_utf8 && !utf8_ascii(value) ? -1 : r, "RCPT"))
			return false;
	}
	buf_clear(&s->rcpt_params);
	dsn_write(&dsn, &s->rcpt_params);
	return encoding(s, buf_str(&s->rcpt));
}

/* box@[192.0.2.1] with an address of ours becomes box@localiphost. */
static bool local_address(struct session *s, struct str arg)
{
	struct str addr = buf_str(&s->rcpt);
	size_t at = str_rchr(addr, '@');
	struct str host = str_from(addr, at + 1);

	(void)arg;
	if (host.n < 3 || host.p[0] != '[' || host.p[host.n - 1] != ']' || !s->conf->localiphost.n)
		return true;
	host = str_to(str_from(host, 1), host.n - 2);
	if (s->hooks->own_ip(s->hooks->ctx, host)) {
		buf_trunc(&s->rcpt, at + 1);
		buf_add(&s->rcpt, buf_str(&s->conf->localiphost));
	}
	return true;
}

static bool relay_probe(struct session *s, struct str arg)
{
	struct str box = str_to(buf_str(&s->rcpt), str_rchr(buf_str(&s->rcpt), '@'));

	(void)arg;
	if (s->conf->mini)
		return true;
	for (size_t i = 0; i < box.n; i++)
		if (box.p[i] == '@' || box.p[i] == '%' || box.p[i] == '!')
			return refuse(s, 550, "sorry, we don't relay (#5.7.1)");
	return true;
}

static bool rcpthosts(struct session *s, struct str arg)
{
	struct err e = {0};
	int r = hosts_accept(&s->conf->hosts, buf_str(&s->rcpt), &e);

	(void)arg;
	s->rcpt_ours = r == 1;
	return r >= 0 || policy_unreadable(s, &e);
}

static bool relaying(struct session *s, struct str arg)
{
	const char *why = NULL;

	(void)arg;
	if (s->conf->relay || (!s->rcpt_ours && secure_relay(s, &why))) {
		buf_add(&s->rcpt, buf_str(&s->conf->relay_suffix));
		return true;
	}
	if (s->rcpt_ours)
		return true;
	session_log(s, "Invalid RELAY client: MAIL from <%s> RCPT <%s>", s->sender.p, s->rcpt.p);
	if (s->conf->mini)
		return refuse(s, 553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)");
	if (!why)
		return refuse(s, 553, "sorry, mail for that domain is not taken here without authentication (#5.7.1)");
	reply_line(&s->reply, 553, NULL, "sorry, mail for that domain is not taken here without authentication; "
		"no valid cert for gateway: %s (#5.7.1)", why);
	return false;
}

static bool maxrecipients(struct session *s, struct str arg)
{
	long max = s->conf->maxrecipients;

	(void)arg;
	if (max <= 0 || s->rcpt_count < (size_t)max)
		return true;
	session_log(s, "Too many RECIPIENTS: MAIL <%s> Last RCPT <%s>", s->sender.p, s->rcpt.p);
	return refuse(s, 557, "sorry, too many recipients (#5.7.1)");
}

static bool bounce_to_one(struct session *s, struct str arg)
{
	(void)arg;
	if (s->sender.n || s->rcpt_count == 0 || s->conf->mini)
		return true;
	return refuse(s, 553, "sorry, a bounce message has a single envelope recipient (#5.7.1)");
}

static bool memory(struct session *s, struct str arg)
{
	(void)arg;
	if (s->rcpts.n + s->rcpt.n + s->rcpt_params.n + 3 <= RCPTS_MAX)
		return true;
	return refuse(s, 452, "sorry, send the other recipients in another message (#4.5.3)");
}

static bool domain_rules(struct session *s, struct str arg)
{
	struct err e = {0};

	(void)arg;
	return s->conf->mini || envrules_rcpt(s, &e) == 0 || policy_unreadable(s, &e);
}

static const check rcpt_checks[] = {
	gate,			/* 1 */
	mail_first,
	recipient_syntax,	/* 2 */
	rcpt_params,
	local_address,
	relay_probe,		/* 5 */
	rcpthosts,		/* 9 */
	relaying,		/* 10 */
	maxrecipients,		/* 15 */
	bounce_to_one,		/* 17 */
	memory,
	domain_rules,		/* 18: the last, so that it is about recipients that are taken */
	NULL
};

/* DATA */

static bool no_argument(struct session *s, struct str arg)
{
	return arg.n == 0 || refuse(s, 501, "invalid parameter syntax (#5.3.2)");
}

static bool rcpt_first(struct session *s, struct str arg)
{
	(void)arg;
	return s->rcpt_count || refuse(s, 503, "RCPT first (#5.5.1)");
}

static bool declared_size(struct session *s, struct str arg)
{
	(void)arg;
	return !s->size_refused || refuse(s, 552, "sorry, that message size exceeds my databytes limit (#5.3.4)");
}

static bool relay_rules(struct session *s, struct str arg)
{
	struct err e = {0};

	(void)arg;
	return s->conf->mini || envrules_data(s, &e) == 0 || policy_unreadable(s, &e);
}

static const check data_checks[] = {
	no_argument,		/* 1 */
	mail_first,
	rcpt_first,
	declared_size,		/* 3 */
	relay_rules,		/* 5 */
	NULL
};

static bool pass(struct session *s, struct str arg, const check *checks)
{
	for (; *checks; checks++)
		if (!(*checks)(s, arg))
			return false;
	return true;
}

bool policy_mail(struct session *s, struct str arg)
{
	if (pass(s, arg, mail_checks))
		return true;
	if (!s->mail_seen)
		session_forget(s);	/* the rules for a sender who was refused, too */
	return false;
}

bool policy_rcpt(struct session *s, struct str arg)
{
	return pass(s, arg, rcpt_checks);
}

bool policy_data(struct session *s, struct str arg)
{
	return pass(s, arg, data_checks);
}
