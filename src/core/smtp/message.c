/* message - from DATA to the final reply; see message.h. */
#include "core/smtp/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/mail/received.h"
#include "core/smtp/data.h"
#include "core/smtp/policy.h"
#include "core/smtp/secure.h"
#include "core/smtp/spam.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"

static const char *protocol(const struct session *s)
{
	static char word[16];

	snprintf(word, sizeof word, "%s%s%s", s->body_utf8 ? "UTF8" : "", s->esmtp ? "ESMTP" : "SMTP",
		s->esmtp && secure_on(s) ? "S" : "");
	return word;
}

static void put_received(struct session *s)
{
	const struct smtp_config *c = s->conf;
	struct buf line = BUF_INIT, tls = BUF_INIT;
	struct str helo = buf_str(&s->helo);
	const char *info = c->info ? c->info : s->auth_param.n ? s->auth_param.p : NULL;

	if (s->secured)
		buf_fmt(&tls, "%s %s bits=%d", s->facts.version, s->facts.cipher, s->facts.bits);
	struct received r = {.program = c->mini ? c->name : "smtpd", .pid = s->hooks->pid, .host = c->host, .info = info, .ip = c->ip,
		.local = c->local, .protocol = protocol(s), .tls = s->secured ? tls.p : NULL,
		.provider = s->secured ? NULL : c->tls, .cert = s->cert_email.n ? s->cert_email.p : NULL,
		.when = s->hooks->now(s->hooks->ctx)};

	if (!str_ieq(helo, str_z(c->host)))
		r.helo = helo;
	if (c->hide_host)
		r.host = r.ip = r.info = NULL;
	received_add(&line, &r);
	s->hooks->put(s->hooks->ctx, line.p, line.n);
	buf_free(&line);
	buf_free(&tls);
}

/* The next recipient of the list at *i: its text, *ours whether it stays here, *params what its sender wants to be
 * told (NULL: nobody asks). */
static struct str next_rcpt(const struct session *s, size_t *i, bool *ours, struct str *params)
{
	const char *p = s->rcpts.p + *i;
	struct str r = str_z(p + 1), words = str_z(p + r.n + 2);

	*ours = *p == 'L';
	*i += r.n + words.n + 3;
	if (params)
		*params = words;
	return r;
}

static void put_params(struct session *s, struct str params)
{
	if (params.n)
		s->hooks->params(s->hooks->ctx, params);
}

static void put_envelope(struct session *s)
{
	struct str params;
	bool ours;

	s->hooks->from(s->hooks->ctx, buf_str(&s->sender));
	put_params(s, buf_str(&s->params));
	for (size_t i = 0; i < s->rcpts.n; ) {
		s->hooks->to(s->hooks->ctx, next_rcpt(s, &i, &ours, &params));
		put_params(s, params);
	}
}

/* The log line of each recipient: accepted (why NULL) or what went wrong. */
static struct str tls_name(const struct session *s)
{
	struct str outer = str_z(s->conf->tls);

	return s->secured ? str_z(s->facts.version) : outer.n ? str_to(outer, str_chr(outer, ',')) : STR("No");
}

static void log_message(struct session *s, uint64_t size, const char *why, unsigned long qp)
{
	bool ours;
	char tail[64] = "";

	if (why)
		snprintf(tail, sizeof tail, " qp %lu", qp);
	for (size_t i = 0; i < s->rcpts.n; ) {
		struct str r = next_rcpt(s, &i, &ours, NULL);

		session_log(s, "%s%s%sHELO <%s> MAIL from <%s> RCPT <%.*s> AUTH <%s> Size: %llu TLS=%.*s%s",
			why ? why + 1 : "", why ? *why == 'D' ? " (permanent)" : " (temporary)" : "", why ? ": " : "",
			s->helo.p, s->sender.p, STR_FMT(r), ours ? "local-rcpt" : "auth-ip/pop",
			(unsigned long long)size,
			STR_FMT(tls_name(s)), tail);
	}
}

/* False: the connection cannot go on. */
static bool body_complete(struct session *s, enum data_end end, int num)
{
	switch (end) {
	case DATA_DONE:
		return true;
	case DATA_BARE_LF:
		session_stray(s, "Bare LF");
		break;
	case DATA_BARE_CR:
		session_stray(s, "Bare CR");
		break;
	case DATA_EOF:
		session_read_failed(s, false, "client went away within a message");
		break;
	case DATA_ERROR:
		session_read_failed(s, num == ETIMEDOUT, strerror(num));
		break;
	}
	return false;
}

/* Why the finished body must not be queued: reply given, true. */
static bool unwanted(struct session *s, const struct data *d)
{
	if (d->limit && d->size > d->limit) {
		bool ours;
		size_t i = 0;
		struct str first = next_rcpt(s, &i, &ours, NULL);

		session_log(s, "data size exceeded: MAIL from <%s> RCPT <%.*s> Size: %llu", s->sender.p,
			STR_FMT(first), (unsigned long long)d->size);
		reply_line(&s->reply, 552, NULL, "sorry, that message size exceeds my databytes limit (#5.3.4)");
		return true;
	}
	if (s->conf->maxhops > 0 && d->hops >= (unsigned long)s->conf->maxhops) {
		reply_line(&s->reply, 554, NULL, "too many hops, this message is looping (#5.4.6)");
		return true;
	}
	return false;
}

/* The queue program with LOGFD open, which only it shall have. */
static int open_logged(struct session *s, struct err *e)
{
	int logfd, fd = spam_log_open(&logfd, e);

	if (fd < 0)
		return -1;
	if (fd_open(logfd) || fd_copy(logfd, fd) < 0) {
		fd_close(fd);
		return s->hooks->open(s->hooks->ctx, e);
	}
	int r = s->hooks->open(s->hooks->ctx, e);

	fd_close(logfd);
	if (r < 0)
		fd_close(fd);
	else
		s->remarks = fd;
	return r;
}

/* Begin a message: one of an exempt sender without its spam filter, any other with what it needs for the log. */
static int open_queue(struct session *s, struct err *e)
{
	const char *filter = s->conf->mini ? NULL : conf_env(CONF_SPAMFILTER);
	int exempt = filter && *filter ? spam_exempt(buf_str(&s->sender), e) : 0;

	if (exempt < 0)
		return -1;
	if (!exempt)
		return filter && *filter && spam_logs() ? open_logged(s, e) : s->hooks->open(s->hooks->ctx, e);
	struct env_copy *before = env_save();

	env_unset("SPAMFILTER");
	int r = s->hooks->open(s->hooks->ctx, e);

	env_restore(before);
	env_copy_free(before);
	return r;
}

/* A line for LOGFILTER and each recipient, when the message is over (and wanted). */
static void log_spam(struct session *s, bool wanted, uint64_t size)
{
	struct buf remark = BUF_INIT;
	bool ours;

	if (!s->remarks)
		return;
	spam_log_remark(s->remarks, &remark);
	s->remarks = 0;
	for (size_t i = 0; wanted && i < s->rcpts.n; )
		spam_log("qmail-smtpd", s->hooks->pid, buf_str(&s->sender),
			next_rcpt(s, &i, &ours, NULL), size, buf_str(&remark));
	buf_free(&remark);
}

static void abandon(struct session *s)
{
	s->hooks->fail(s->hooks->ctx);
	s->hooks->close(s->hooks->ctx);
	log_spam(s, false, 0);
}

static void finish(struct session *s, const struct data *d)
{
	put_envelope(s);
	const char *why = s->hooks->close(s->hooks->ctx);
	unsigned long qp = s->hooks->qp(s->hooks->ctx);

	if (*why)
		reply_queue(&s->reply, why);
	else
		reply_line(&s->reply, 250, NULL, "ok %lld qp %lu", (long long)s->hooks->now(s->hooks->ctx), qp);
	log_message(s, d->size, *why ? why : NULL, qp);
	log_spam(s, true, d->size);
}

void message_receive(struct session *s, struct str arg)
{
	struct err e = {0};

	if (!policy_data(s, arg))
		return;
	struct data d = {.put = s->hooks->put, .arg = s->hooks->ctx, .allow_lf = s->conf->allow_lf,
		.limit = s->conf->databytes > 0 ? (uint64_t)s->conf->databytes : 0};

	if (open_queue(s, &e) < 0) {
		session_log(s, "unable to open the queue: %s", e.text);
		reply_line(&s->reply, 451, NULL, "sorry, temporary queue failure (#4.3.0)");
		return;
	}
	reply_line(&s->reply, 354, NULL, "go ahead");
	put_received(s);
	enum data_end end = data_read(&d, s->in);

	if (!body_complete(s, end, errno) || unwanted(s, &d))
		abandon(s);
	else
		finish(s, &d);
	session_forget(s);
}
