/* first - first attempts: messages still in todo, their recipients in memory; see job.h. */
#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/smtp/dsn.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "queue/envelope.h"
#include "queue/job.h"
#include "queue/qlog.h"

enum { FRESH_SHIFT = 512 };	/* consumed entries before the list is moved down */

/* S id birth NUL, a record per recipient as it was announced (1, or a state of note.h, when it is delivered, else
 * 0; L or R; the address), NUL: what todo-proc writes must be what was tried, whatever the control files say by now. */
static void order_settle(struct sched *s, struct job *j)
{
	j->settling = true;
	buf_fmt(&s->todo, "S%llu %lld", (unsigned long long)j->id, (long long)j->birth);
	buf_addc(&s->todo, 0);
	for (size_t i = 0; i < j->rcpts.n; i++) {
		const struct rcpt *r = &j->rcpts.p[i];

		buf_addc(&s->todo, r->state != DELIVERED ? '0' : r->due ? r->due : '1');
		buf_addc(&s->todo, r->chan == CHAN_REMOTE ? 'R' : 'L');
		buf_add(&s->todo, r->addr);
		buf_addc(&s->todo, 0);
	}
	buf_addc(&s->todo, 0);
}

static bool parse(struct job *j, struct str records)
{
	struct str rest = arena_str(&j->mem, records), text;
	int letter;

	while ((letter = envelope_next(&rest, &text)) > 0) {
		if (letter == 'F')
			j->sender = text;
		else if (letter == 'e')
			j->extra = text;
		else if (letter == 'h')
			j->headers = text;
		else if (letter == 'x')
			j->params = text;
		else if (letter == 'y' && j->rcpts.n)
			j->rcpts.p[j->rcpts.n - 1].params = text;
		else if (letter == 'L' || letter == 'R') {
			struct rcpt r = {.addr = text, .chan = letter == 'R' ? CHAN_REMOTE : CHAN_LOCAL};

			vec_push(&j->rcpts, r);
		}
	}
	return letter == 0 && j->sender.p && j->rcpts.n;
}

void sched_first(struct sched *s, uint64_t id, time_t birth, struct str records)
{
	struct job *j;
	bool on[CHANS] = {false, false};

	if (s->exiting || job_find(s, id))
		return;	/* it simply stays in todo */
	j = job_new(id);
	j->fresh = true;
	j->birth = birth;
	if (!parse(j, records)) {
		qlog_say(&s->log, "alert", s->program, s->q, "unintelligible announcement of msg %llu",
			(unsigned long long)id);
		job_free(j);
		return;
	}
	job_add(s, j);
	s->running++;
	for (size_t i = 0; i < j->rcpts.n; i++)
		on[j->rcpts.p[i].chan] = true;
	if (steered_held(s, id)) {
		order_settle(s, j);
		return;
	}
	for (int c = 0; c < CHANS; c++)
		if (on[c])
			vec_push(&s->fresh[c], j);
}

void first_forget(struct sched *s, struct job *j)
{
	for (int c = 0; c < CHANS; c++)
		for (size_t i = s->fresh_at[c]; i < s->fresh[c].n; i++)
			if (s->fresh[c].p[i] == j)
				s->fresh[c].p[i] = NULL;
	job_del(s, j);
	s->running--;
	job_free(j);
}

/* Every recipient has been tried? */
void first_check(struct sched *s, struct job *j)
{
	size_t delivered = 0, waiting = 0, due = 0;

	for (size_t i = 0; i < j->rcpts.n; i++) {
		delivered += j->rcpts.p[i].state == DELIVERED;
		waiting += j->rcpts.p[i].state == WAITING;
		due += j->rcpts.p[i].due != 0;
	}
	if (j->refs || j->settling || (waiting && !s->exiting))
		return;
	if (delivered == j->rcpts.n && !due) {
		metrics_ended(s->metrics, j->birth, clock_now());
		sched_ask_clean(s, "done", j->id, true, false);
		first_forget(s, j);
	} else if (waiting && !j->touched) {
		first_forget(s, j);	/* exiting: it simply stays in todo */
	} else {
		order_settle(s, j);
	}
}

/* The next waiting recipient of the oldest first attempt on this channel, tried or put off by its domain's rate; false when
 * there is none. */
bool first_step(struct sched *s, int chan)
{
	if (s->fresh_at[chan] >= FRESH_SHIFT) {
		size_t n = s->fresh[chan].n -= s->fresh_at[chan];

		memmove(s->fresh[chan].p, s->fresh[chan].p + s->fresh_at[chan], n * sizeof *s->fresh[chan].p);
		s->fresh_at[chan] = 0;
	}
	while (s->fresh_at[chan] < s->fresh[chan].n) {
		struct job *j = s->fresh[chan].p[s->fresh_at[chan]];

		for (size_t i = j ? j->next[chan] : 0; j && i < j->rcpts.n; i++) {
			struct rcpt *r = &j->rcpts.p[i];

			j->next[chan] = i + 1;
			if (r->chan != chan || r->state != WAITING)
				continue;
			if (!delayed_may(s, chan, j, r->addr)) {
				r->state = DEFERRED;
				return true;
			}
			r->state = RUNNING;
			j->touched = true;
			sched_deliver(s, chan, j, r->addr, r->params, i, 0);
			return true;
		}
		s->fresh_at[chan]++;
		if (j && j->refused)
			first_check(s, j);	/* perhaps there was nothing else to try */
	}
	s->fresh_at[chan] = s->fresh[chan].n = 0;
	return false;
}

/* What the senders of these recipients are told: pos is where their records stand in local and remote. */
static void first_notify(struct sched *s, struct job *j)
{
	struct buf fn = BUF_INIT;
	struct envelope v = {0};
	struct notes all = {{0}};
	struct err e = {0};
	off_t pos[CHANS] = {0, 0};

	settled_path(s, Q_INFO, j->id, &fn);
	if (envelope_read(fn.p, &v, &e) == 0)
		notes_take(&v, 0, &all);
	for (size_t i = 0, k = 0; i < j->rcpts.n && k < all.v.n; i++) {
		const struct rcpt *r = &j->rcpts.p[i];
		struct note *n = &all.v.p[k];

		if (n->mpos == pos[r->chan] && n->channel == (r->chan == CHAN_REMOTE ? 'R' : 'L')) {
			k++;
			if (r->due)
				notify_add(j, n, r->due, str_make(r->report, r->report_len));
			else if (r->state == DEFERRED)
				notify_delay(s, j, n, str_make(r->report, r->report_len));
		}
		pos[r->chan] += (off_t)r->addr.n + 2;
	}
	notify_send(s, j);
	vec_free(&all.v);
	envelope_free(&v);
	buf_free(&fn);
}

static bool noted(const struct job *j)
{
	for (size_t i = 0; i < j->rcpts.n; i++)
		if (j->rcpts.p[i].params.n)
			return true;
	return false;
}

/* todo-proc has written info, local and remote of a first attempt: what failed is marked and noted,
 * what was deferred waits. */
void first_settle(struct sched *s, struct job *j)
{
	off_t pos[CHANS] = {0, 0};
	size_t left[CHANS] = {0, 0}, written[CHANS] = {0, 0};
	struct buf fn = BUF_INIT;
	time_t now = clock_now();

	if (noted(j))
		first_notify(s, j);
	for (size_t i = 0; i < j->rcpts.n; i++) {
		struct rcpt *r = &j->rcpts.p[i];

		written[r->chan] += r->state != DELIVERED;
		if (r->state == FAILED && dsn_wants(r->params, DSN_FAILURE) &&
			!settled_bounce(s, j->id, r->addr, str_make(r->report, r->report_len)))
			r->state = DEFERRED;
		if (r->state == FAILED)
			settled_mark(s, r->chan, j->id, pos[r->chan]);
		left[r->chan] += r->state == DEFERRED || r->state == WAITING;
		pos[r->chan] += (off_t)r->addr.n + 2;
	}
	for (int c = 0; c < CHANS; c++) {
		if (left[c]) {
			time_t when = sched_next_try(j->birth, now, c);

			prio_add(&s->c[c].due, delayed_turn(s, c, j, left[c], when), j->id);
		} else if (written[c]) {
			settled_path(s, chan_part[c], j->id, &fn);
			if (file_unlink(fn.p) < 0)
				settled_retry(s, c, j->id, "unable to unlink", fn.p, errno), left[c]++;
		}
	}
	if (!left[CHAN_LOCAL] && !left[CHAN_REMOTE])
		prio_add(&s->done, now, j->id);
	buf_free(&fn);
	first_forget(s, j);
}

void first_report(struct sched *s, struct delivery *d, char letter, struct str text)
{
	struct job *j = d->job;
	struct rcpt *r = &j->rcpts.p[d->index];

	r->state = letter == 'K' ? DELIVERED : letter == 'D' ? FAILED : DEFERRED;
	if (letter == 'K' && r->params.n)
		r->due = notify_due(j, r->chan, r->params, text);
	if (letter == 'D' || r->due || (letter == 'Z' && r->params.n)) {
		r->report = mem_copy(text.p, text.n);
		r->report_len = text.n;
	}
	first_check(s, j);
}
