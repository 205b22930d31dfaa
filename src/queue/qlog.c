/* qlog - log lines of the queue; see qlog.h. */
#include "queue/qlog.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/num.h"
#include "queue/rate.h"

void qlog_safe(struct buf *b, struct str s)
{
	char *p = buf_grow(b, s.n);

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		p[i] = c == '\n' ? '/' : c < 33 || c > 126 || c == '%' ? '_' : c;
	}
	buf_advance(b, s.n);
}

/* Most lines end with the queue's name; those of qmta-send have none. */
static void end_line(struct buf *b, const char *q)
{
	buf_fmt(b, *q ? " %s\n" : "%s\n", q);
}

void qlog_new(struct buf *b, uint64_t id, const char *q)
{
	buf_fmt(b, "new msg %llu", (unsigned long long)id);
	end_line(b, q);
}

void qlog_info(struct buf *b, uint64_t id, uint64_t bytes, struct str sender, uint64_t qp, uint64_t uid, const char *q)
{
	buf_fmt(b, "info msg %llu: bytes %llu from <", (unsigned long long)id, (unsigned long long)bytes);
	qlog_safe(b, sender);
	buf_fmt(b, "> qp %llu uid %llu", (unsigned long long)qp, (unsigned long long)uid);
	end_line(b, q);
}

static void address(struct buf *b, struct str s)
{
	if (s.n)
		qlog_safe(b, s);
	else
		buf_adds(b, "<>");
}

void qlog_rcpt(struct buf *b, bool remote, struct str sender, struct str rcpt, uint64_t id, uint64_t bytes,
	const char *q, const char *mode)
{
	buf_adds(b, remote ? "remote: " : "local: ");
	address(b, sender);
	buf_addc(b, ' ');
	address(b, rcpt);
	buf_fmt(b, " %llu %llu bytes%s%s", (unsigned long long)id, (unsigned long long)bytes, *q ? " " : "", q);
	end_line(b, mode);
}

static void delivery_number(struct buf *b, const char *before, unsigned long delivery, const char *qident)
{
	buf_fmt(b, "%s%lu%s%s: ", before, delivery, qident ? "." : "", qident ? qident : "");
}

void qlog_start(struct buf *b, unsigned long delivery, const char *qident, uint64_t id, bool remote, struct str rcpt,
	const char *q)
{
	delivery_number(b, "starting delivery ", delivery, qident);
	buf_fmt(b, "msg %llu to %s ", (unsigned long long)id, remote ? "remote" : "local");
	qlog_safe(b, rcpt);
	end_line(b, q);
}

void qlog_report(struct buf *b, unsigned long delivery, const char *qident, char letter, struct str text, const char *q)
{
	delivery_number(b, "delivery ", delivery, qident);
	buf_adds(b, letter == 'K' ? "success: " : letter == 'D' ? "failure: " : "deferral: ");
	qlog_safe(b, text);
	end_line(b, q);
}

void qlog_mangled(struct buf *b, unsigned long delivery, const char *qident, const char *q)
{
	delivery_number(b, "delivery ", delivery, qident);
	buf_adds(b, "report mangled, will defer:");
	end_line(b, q);
}

void qlog_bounce(struct buf *b, uint64_t id, unsigned long qp, const char *q)
{
	buf_fmt(b, "bounce msg %llu qp %lu", (unsigned long long)id, qp);
	end_line(b, q);
}

void qlog_discard(struct buf *b, const char *which, uint64_t id, const char *q)
{
	buf_fmt(b, "%s bounce: discarding bounce/%llu", which, (unsigned long long)id);
	end_line(b, q);
}

void qlog_end(struct buf *b, uint64_t id, const char *program, const char *q)
{
	buf_fmt(b, "end msg %llu", (unsigned long long)id);
	if (program)
		buf_fmt(b, " %s:", program);
	end_line(b, q);
}

void qlog_status(struct buf *b, const struct qlog_status *s, const char *q)
{
	buf_fmt(b, "status: local %d/%d%s remote %d/%d%s", s->local, s->local_max, s->local_held ? " (held)" : "",
		s->remote, s->remote_max, s->remote_held ? " (held)" : "");
	if (s->rates)
		buf_fmt(b, " delayed jobs=%zu", s->delayed);
	buf_fmt(b, "%s%s", *q ? " " : "", q);
	end_line(b, s->exiting ? "exitasap" : "");
}

void qlog_rate(struct buf *b, struct str domain, uint64_t id, const struct rate_verdict *v, const char *q)
{
	buf_fmt(b, "%s: %s%s", v->wait ? "warning" : "info", q, *q ? " " : "");
	qlog_safe(b, domain);
	buf_fmt(b, " msg %llu: rate %s[%llu/%.10f/%.10f] ", (unsigned long long)id, v->wait ? "exceeded " : "",
		(unsigned long long)v->count, v->current, v->value);
	if (v->wait)
		buf_fmt(b, "need %ld secs; will try again later\n", v->seconds);
	else
		buf_fmt(b, "ok since %ld secs\n", v->seconds);
}

void qlog_say(struct buf *b, const char *level, const char *program, const char *q, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_fmt(b, "%s: %s: %s%s", level, program, q, *q ? ": " : "");
	for (const char *p = text; *p; p++)
		buf_addc(b, (unsigned char)*p < 32 || *p == 127 ? '_' : *p);
	buf_addc(b, '\n');
}

void qlog_reread(struct buf *b, const char *program, const char *q, const struct err *e)
{
	static const char first[] = "unable to read ";

	if (str_starts(str_z(e->text), STR(first)))
		qlog_say(b, "alert", program, q, "unable to reread %s", e->text + sizeof first - 1);
	else
		qlog_say(b, "alert", program, q, "%s", e->text);
}

/* Does the line go on with this text?  Then it is cut off. */
static bool eat(struct str *s, const char *text)
{
	struct str t = str_z(text);

	if (!str_starts(*s, t))
		return false;
	*s = str_from(*s, t.n);
	return true;
}

static bool eat_num(struct str *s, uint64_t *n)
{
	size_t used = num_scan(*s, n);

	*s = str_from(*s, used);
	return used > 0;
}

/* The text up to a character, which is cut off too. */
static struct str eat_to(struct str *s, char c)
{
	struct str head = str_cut(s, c);

	if (!s->p)
		*s = STR("");
	return head;
}

/* The last word is the queue's name. */
static void split_queue(struct str *s, struct str *queue)
{
	size_t i = str_rchr(*s, ' ');

	if (i < s->n) {
		*queue = str_from(*s, i + 1);
		*s = str_to(*s, i);
	}
}

static bool parse_delivery(struct str *s, struct qlog_line *out)
{
	if (!eat_num(s, &out->delivery))
		return false;
	if (eat(s, "."))
		out->qident = eat_to(s, ':');
	else if (!eat(s, ":"))
		return false;
	return eat(s, " ");
}

static void parse_start(struct str s, struct qlog_line *out)
{
	if (!parse_delivery(&s, out) || !eat(&s, "msg ") || !eat_num(&s, &out->id) || !eat(&s, " to "))
		return;
	out->remote = str_eq(eat_to(&s, ' '), STR("remote"));
	out->rcpt = eat_to(&s, ' ');
	out->queue = s;
	out->event = QLOG_START;
}

static void parse_report(struct str s, struct qlog_line *out)
{
	if (!parse_delivery(&s, out))
		return;
	if (eat(&s, "success: "))
		out->letter = 'K';
	else if (eat(&s, "failure: "))
		out->letter = 'D';
	else if (eat(&s, "deferral: ") || eat(&s, "report mangled, will defer:"))
		out->letter = 'Z';
	else
		return;
	split_queue(&s, &out->queue);
	out->text = s;
	out->event = QLOG_REPORT;
}

static void parse_info(struct str s, struct qlog_line *out)
{
	if (!eat_num(&s, &out->id) || !eat(&s, ": bytes ") || !eat_num(&s, &out->bytes) || !eat(&s, " from <"))
		return;
	size_t end = str_find(s, STR("> qp "));

	out->sender = str_to(s, end);
	s = str_from(s, end + 5);
	if (!eat_num(&s, &out->qp) || !eat(&s, " uid ") || !eat_num(&s, &out->uid))
		return;
	eat(&s, " ");
	out->queue = s;
	out->event = QLOG_INFO;
}

/* What address() wrote. */
static struct str no_brackets(struct str s)
{
	return str_eq(s, STR("<>")) ? STR("") : s;
}

/* local: SENDER RECIPIENT ID N bytes QUEUE MODE */
static void parse_rcpt(struct str s, bool remote, struct qlog_line *out)
{
	struct str sender = eat_to(&s, ' '), rcpt = eat_to(&s, ' ');

	if (!eat_num(&s, &out->id) || !eat(&s, " ") || !eat_num(&s, &out->bytes) || !eat(&s, " bytes "))
		return;
	out->sender = no_brackets(sender);
	out->rcpt = no_brackets(rcpt);
	out->queue = eat_to(&s, ' ');
	out->remote = remote;
	out->event = QLOG_RCPT;
}

void qlog_parse(struct str line, struct qlog_line *out)
{
	*out = (struct qlog_line){0};
	if (str_starts(line, STR("{\""))) {
		qlog_parse_json(line, out);
	} else if (eat(&line, "local: ")) {
		parse_rcpt(line, false, out);
	} else if (eat(&line, "remote: ")) {
		parse_rcpt(line, true, out);
	} else if (eat(&line, "starting delivery ")) {
		parse_start(line, out);
	} else if (eat(&line, "delivery ")) {
		parse_report(line, out);
	} else if (eat(&line, "info msg ")) {
		parse_info(line, out);
	} else if (eat(&line, "new msg ") && eat_num(&line, &out->id)) {
		out->event = QLOG_NEW;
		eat(&line, " ");
		out->queue = line;
	} else if (eat(&line, "end msg ") && eat_num(&line, &out->id)) {
		out->event = QLOG_END;
		split_queue(&line, &out->queue);
	} else if (eat(&line, "bounce msg ") && eat_num(&line, &out->id) && eat(&line, " qp ") &&
		eat_num(&line, &out->qp)) {
		out->event = QLOG_BOUNCE;
		eat(&line, " ");
		out->queue = line;
	} else if (eat(&line, "status: ")) {
		out->event = QLOG_STATUS;
	}
}
