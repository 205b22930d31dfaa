/* follow - one message through the logs; see follow.h. */
#include "queue/follow.h"

#include "core/base/mem.h"
#include "core/base/num.h"
#include "queue/qlog.h"

enum { LABEL = 25, FOLLOWED_MAX = 100000 };	/* a log that never ends anything is forgotten from the front */

size_t follow_stamp(struct str line)
{
	uint64_t n;
	size_t i = num_scan(line, &n);

	if (line.n > LABEL && line.p[0] == '@' && line.p[LABEL] == ' ')
		return LABEL + 1;
	if (i == 4 && line.n > 20 && line.p[4] == '-' && line.p[10] == ' ') {
		size_t end = 11 + str_chr(str_from(line, 11), ' ');

		return end < line.n ? end + 1 : 0;
	}
	while (i > 0 && i < line.n && (line.p[i] == '.' || chr_digit(line.p[i])))
		i++;
	return i > 0 && i < line.n && line.p[i] == ' ' ? i + 1 : 0;
}

static size_t find_message(const struct follow *f, struct str queue, uint64_t id)
{
	for (size_t i = 0; i < f->messages.n; i++)
		if (f->messages.p[i].id == id && str_eq(str_z(f->messages.p[i].queue), queue))
			return i;
	return f->messages.n;
}

static void drop_message(struct follow *f, size_t i)
{
	mem_free(f->messages.p[i].queue);
	f->messages.p[i] = f->messages.p[--f->messages.n];
}

static void add_message(struct follow *f, struct str queue, uint64_t id)
{
	struct follow_message m = {mem_copy(queue.p, queue.n), id};

	if (f->messages.n >= FOLLOWED_MAX)
		drop_message(f, 0);
	vec_push(&f->messages, m);
}

static size_t find_delivery(const struct follow *f, const struct qlog_line *l)
{
	for (size_t i = 0; i < f->running.n; i++)
		if (f->running.p[i].number == l->delivery && str_eq(str_z(f->running.p[i].queue), l->queue) &&
			str_eq(str_z(f->running.p[i].qident), l->qident))
			return i;
	return f->running.n;
}

static void drop_delivery(struct follow *f, size_t i)
{
	mem_free(f->running.p[i].queue);
	mem_free(f->running.p[i].qident);
	f->running.p[i] = f->running.p[--f->running.n];
}

static void add_delivery(struct follow *f, const struct qlog_line *l)
{
	struct follow_delivery d = {mem_copy(l->queue.p, l->queue.n),
		mem_copy(l->qident.n ? l->qident.p : "", l->qident.n), l->delivery};
	size_t i = find_delivery(f, l);

	if (i < f->running.n)	/* send was started anew and counts from the beginning */
		drop_delivery(f, i);
	if (f->running.n >= FOLLOWED_MAX)
		drop_delivery(f, 0);
	vec_push(&f->running, d);
}

static bool expected(struct follow *f, uint64_t qp)
{
	for (size_t i = 0; i < f->qps.n; i++)
		if (f->qps.p[i] == qp) {
			f->qps.p[i] = f->qps.p[--f->qps.n];
			return true;
		}
	return f->qp && qp == f->qp;
}

static void expect(struct follow *f, uint64_t qp)
{
	for (size_t i = 0; i < f->qps.n; i++)
		if (f->qps.p[i] == qp)
			return;
	if (qp && f->qps.n < FOLLOWED_MAX)
		vec_push(&f->qps, qp);
}

static void expect_bounce(struct follow *f, uint64_t qp, bool is_ours)
{
	struct follow_bounce b = {qp, is_ours};

	if (f->bounces.n < FOLLOWED_MAX)
		vec_push(&f->bounces, b);
}

/* The info line of a bounce: the first one with this qp has come. */
static bool our_bounce(struct follow *f, const struct qlog_line *l)
{
	bool null = !l->sender.n || str_eq(l->sender, STR("#@[]"));

	for (size_t i = 0; null && i < f->bounces.n; i++) {
		bool is_ours = f->bounces.p[i].ours;

		if (f->bounces.p[i].qp != l->qp)
			continue;
		for (f->bounces.n--; i < f->bounces.n; i++)
			f->bounces.p[i] = f->bounces.p[i + 1];
		return is_ours;
	}
	return false;
}

/* Wherever a line says "qp N" (in reports blanks are "_"): a message that was queued. */
static void expect_all(struct follow *f, struct str text)
{
	uint64_t qp;

	for (size_t i; (i = str_find(text, STR("qp"))) < text.n; ) {
		text = str_from(text, i + 2);
		if (text.n > 1 && (text.p[0] == ' ' || text.p[0] == '_') && num_scan(str_from(text, 1), &qp))
			expect(f, qp);
	}
}

/* The qp at the end of a line of smtpd and its sisters. */
static bool about_qp(const struct follow *f, struct str line)
{
	size_t i = str_find(line, STR(" qp "));
	uint64_t qp;

	return f->qp && i < line.n && num_scan(str_from(line, i + 4), &qp) && qp == f->qp;
}

static bool has_text(const struct follow *f, struct str line)
{
	return f->text.n && str_find(line, f->text) < line.n;
}

/* A line about a message: is it one of ours, or does it become one? */
static bool ours(struct follow *f, const struct qlog_line *l, struct str line)
{
	bool bounced = l->event == QLOG_INFO && our_bounce(f, l);

	if (find_message(f, l->queue, l->id) < f->messages.n)
		return true;
	bool wanted = (f->id && l->id == f->id) || bounced || (l->event == QLOG_INFO && expected(f, l->qp)) ||
		has_text(f, line);

	if (!wanted || (f->queue.n && !str_eq(f->queue, l->queue) && f->id == l->id))
		return false;
	if (l->event != QLOG_END)
		add_message(f, l->queue, l->id);
	f->with_before = l->event == QLOG_INFO && f->before.n && f->before_id == l->id;
	return true;
}

static bool on_report(struct follow *f, const struct qlog_line *l)
{
	size_t i = find_delivery(f, l);

	if (i == f->running.n)
		return false;
	drop_delivery(f, i);
	if (l->letter == 'K')
		expect_all(f, l->text);
	return true;
}

bool follow_line(struct follow *f, struct str line)
{
	struct qlog_line l;

	f->with_before = false;
	qlog_parse(line, &l);
	f->before_id = l.event == QLOG_NEW ? l.id : f->before_id;
	switch (l.event) {
	case QLOG_OTHER:
		if (has_text(f, line)) {
			expect_all(f, line);
			return true;
		}
		return about_qp(f, line);
	case QLOG_STATUS:
		return false;
	case QLOG_REPORT:
		return on_report(f, &l);
	default:
		break;
	}
	bool mine = ours(f, &l, line);

	if (l.event == QLOG_BOUNCE)
		expect_bounce(f, l.qp, mine);
	if (!mine)
		return false;
	if (l.event == QLOG_START)
		add_delivery(f, &l);
	if (l.event == QLOG_END && find_message(f, l.queue, l.id) < f->messages.n)
		drop_message(f, find_message(f, l.queue, l.id));
	return true;
}

void follow_keep(struct follow *f, struct str whole)
{
	if (str_find(whole, STR("new msg ")) < whole.n || str_find(whole, STR("\"event\":\"new\"")) < whole.n)
		buf_set(&f->before, whole);
	else
		buf_clear(&f->before);
}

void follow_free(struct follow *f)
{
	while (f->messages.n)
		drop_message(f, 0);
	while (f->running.n)
		drop_delivery(f, 0);
	vec_free(&f->messages);
	vec_free(&f->running);
	vec_free(&f->qps);
	vec_free(&f->bounces);
	buf_free(&f->before);
}
