/* notify - what senders who asked for it are told besides failures: that a message arrived, left our sight, or is late
 * (RFC 3461); see job.h.
 *
 * A success is marked in info before the recipient is (note.h), so that a crash loses no report; it may be sent twice. */
#include <string.h>

#include "core/base/mem.h"
#include "core/smtp/dsn.h"
#include "core/sys/clock.h"
#include "queue/job.h"
#include "queue/qlog.h"
#include "queue/transmit.h"

enum { SLEEP_SYSFAIL = 123 };

static void line(struct buf *b, const char *name, struct str value)
{
	if (value.n)
		buf_fmt(b, "%s: %.*s\n", name, STR_FMT(value));
}

void notify_lines(const struct job *j, struct str params, struct buf *b)
{
	struct dsn m, r, notify;
	struct buf words = BUF_INIT;

	if (!j->params.n && !params.n)
		return;
	dsn_read(&m, 'x', j->params);
	dsn_read(&r, 'y', params);
	notify = (struct dsn){.notify = r.notify};
	dsn_write(&notify, &words);
	line(b, "DSN-RET", m.ret == 'F' ? STR("FULL") : m.ret == 'H' ? STR("HDRS") : STR(""));
	line(b, "DSN-ENVID", m.envid);
	line(b, "DSN-NOTIFY", str_from(buf_str(&words), sizeof "NOTIFY=" - 1));
	line(b, "DSN-ORCPT", r.orcpt);
	buf_free(&words);
}

char notify_due(const struct job *j, int chan, struct str params, struct str text)
{
	if (!dsn_wants(params, DSN_SUCCESS) || !bounce_reports_to(j->sender))
		return 0;
	if (str_ends(str_rtrim(text), STR(TRANSMIT_TAKEN_OVER)))
		return 0;
	return chan == CHAN_LOCAL ? NOTE_DELIVERED : NOTE_RELAYED;
}

void notify_delay(const struct sched *s, struct job *j, const struct note *n, struct str text)
{
	time_t when = j->birth + s->delaywarn;

	if (s->delaywarn <= 0 || n->state != NOTE_OPEN || !dsn_wants(n->params, DSN_DELAY) || !bounce_reports_to(j->sender))
		return;
	if (clock_now() >= when)
		notify_add(j, n, NOTE_OPEN, text);
	else
		j->warn = when;
}

void notify_add(struct job *j, const struct note *n, char state, struct str text)
{
	struct event ev = {.note = *n, .text = mem_copy(text.p, text.n), .len = text.n, .action = OUTCOME_DELAYED};

	if (state != NOTE_OPEN)
		ev.action = state == NOTE_DELIVERED ? OUTCOME_DELIVERED : OUTCOME_RELAYED;
	vec_push(&j->events, ev);
}

void notify_free(struct job *j)
{
	for (size_t i = 0; i < j->events.n; i++)
		mem_free(j->events.p[i].text);
	vec_free(&j->events);
}

void notify_mark(struct sched *s, uint64_t id, struct note *n, char state)
{
	struct buf fn = BUF_INIT;
	struct err e = {0};

	settled_path(s, Q_INFO, id, &fn);
	if (note_mark(fn.p, n, state, &e) < 0)
		qlog_say(&s->log, "warn", s->program, s->q, "%s: %s; its sender may be told twice", e.text,
			strerror(e.num));
	buf_free(&fn);
}

static bool send_kind(struct sched *s, struct job *j, enum letter_kind kind)
{
	struct bounced m = {.id = j->id, .birth = j->birth, .expires = j->birth + s->lifetime, .sender = j->sender,
		.params = j->params};
	struct bounce_log log = {s->program, s->q, &s->log};
	VEC(struct outcome) list = {0};
	bool queued = true;

	for (size_t i = 0; i < j->events.n; i++) {
		const struct event *ev = &j->events.p[i];
		struct outcome o = {.rcpt = rewrite_strip(&s->rules, ev->note.rcpt), .params = ev->note.params,
			.text = str_make(ev->text, ev->len), .action = ev->action};

		if ((ev->action == OUTCOME_DELAYED) == (kind == LETTER_DELAYED))
			vec_push(&list, o);
	}
	if (list.n)
		queued = bounce_report(&s->bounce, &s->lay, &m, kind, list.p, list.n, &log);
	for (size_t i = 0; i < j->events.n && queued; i++)
		if ((j->events.p[i].action == OUTCOME_DELAYED) == (kind == LETTER_DELAYED))
			notify_mark(s, j->id, &j->events.p[i].note, kind == LETTER_DELAYED ? NOTE_WARNED : NOTE_CLOSED);
	vec_free(&list);
	return queued;
}

void notify_send(struct sched *s, struct job *j)
{
	if (!j->events.n)
		return;
	send_kind(s, j, LETTER_SUCCESS);
	if (!send_kind(s, j, LETTER_DELAYED))
		j->warn = clock_now() + SLEEP_SYSFAIL;
	notify_free(j);
}

bool notify_rest(struct sched *s, const struct bounced *m)
{
	struct bounce_log log = {s->program, s->q, &s->log};
	VEC(struct outcome) list = {0};
	bool queued = true;

	for (size_t i = 0; i < m->notes->v.n; i++) {
		const struct note *n = &m->notes->v.p[i];
		struct outcome o = {.rcpt = rewrite_strip(&s->rules, n->rcpt), .params = n->params,
			.action = n->state == NOTE_RELAYED ? OUTCOME_RELAYED : OUTCOME_DELIVERED};

		if (n->state == NOTE_RELAYED || n->state == NOTE_DELIVERED)
			vec_push(&list, o);
	}
	if (list.n)
		queued = bounce_report(&s->bounce, &s->lay, m, LETTER_SUCCESS, list.p, list.n, &log);
	for (size_t i = 0; i < m->notes->v.n && queued && list.n; i++)
		if (m->notes->v.p[i].state == NOTE_RELAYED || m->notes->v.p[i].state == NOTE_DELIVERED)
			notify_mark(s, m->id, &m->notes->v.p[i], NOTE_CLOSED);
	vec_free(&list);
	return queued;
}
