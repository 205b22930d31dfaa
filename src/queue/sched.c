/* sched - the delivery scheduler; see sched.h.
 *
 * A job is one message at work.  First attempts (fresh) come from todo-proc with their recipients in
 * memory and cover both channels; when all succeed the message leaves by one request to clean, otherwise
 * todo-proc settles it on disk and the job's failures are written down.  Settled messages wait in the
 * channels' heaps; a pass opens the recipients file and starts its deliveries one by one. */
#include "queue/sched.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "queue/job.h"
#include "queue/qlog.h"

enum {
	REPORT_MAX = 10000,
	SLEEP_SYSFAIL = 123,	/* seconds before clean is asked again */
	OUT_MAX = 1 << 20,	/* commands waiting for a spawner before we pause */
};
static const int chanskip[CHANS] = {10, 20};

void sched_say(struct sched *s, const char *level, const char *what, const char *fn, int num)
{
	qlog_say(&s->log, level, s->program, s->q, "%s %s%s%s", what, fn, num ? ": " : "", num ? strerror(num) : "");
}

void sched_init(struct sched *s, const char *program, const char *q)
{
	*s = (struct sched){.program = program, .q = q, .lay = layout_conf(), .log = BUF_INIT, .clean = BUF_INIT,
		.todo = BUF_INIT, .rules = REWRITE_INIT};
	static struct metrics nobody;

	s->metrics = &nobody;
	s->qident = conf_env(CONF_QIDENT);
	buf_init(&s->rate_dir);
	buf_init(&s->refused);
	for (int c = 0; c < CHANS; c++) {
		buf_init(&s->c[c].out);
		buf_init(&s->c[c].in);
		buf_init(&s->c[c].pass.record);
		s->c[c].pass.fd = -1;
	}
}

/* concurrencylocal, then concurrencyl.QUEUE; never above what was allocated. */
static int load_chan(struct sched *s, int chan, struct err *e)
{
	struct buf name = BUF_INIT;
	long n = 0, hold = 0;
	int r = -1;

	buf_fmt(&name, "concurrency%c.%s", chan == CHAN_LOCAL ? 'l' : 'r', layout_qname(queue_here()));
	if (conf_int(chan == CHAN_LOCAL ? CONF_CONCURRENCYLOCAL : CONF_CONCURRENCYREMOTE, &n, e) < 0 ||
		control_int(name.p, &n, e) < 0 ||
		conf_int(chan == CHAN_LOCAL ? CONF_HOLDLOCAL : CONF_HOLDREMOTE, &hold, e) < 0)
		goto out;
	struct chan *c = &s->c[chan];

	c->concurrency = n < 0 ? 0 : n > 500 ? 500 : (int)n;
	if (c->slots && c->concurrency > c->limit)
		c->concurrency = c->limit;
	c->held = hold != 0;
	r = 0;
out:
	buf_free(&name);
	return r;
}

int sched_load(struct sched *s, struct err *e)
{
	if (load_chan(s, CHAN_LOCAL, e) < 0 || load_chan(s, CHAN_REMOTE, e) < 0 ||
		conf_int(CONF_QUEUELIFETIME, &s->lifetime, e) < 0 ||
		conf_int(CONF_BOUNCELIFETIME, &s->bouncelifetime, e) < 0 ||
		conf_int(CONF_DELAYWARN, &s->delaywarn, e) < 0 || bounce_load(&s->bounce, e) < 0)
		return -1;
	if (s->bouncelifetime > s->lifetime)
		s->bouncelifetime = s->lifetime;
	return rewrite_load(&s->rules, e);
}

static void held_line(struct sched *s, int chan, bool before)
{
	if (s->c[chan].held != before)
		buf_fmt(&s->log, "%s deliveries %s\n", chan == CHAN_LOCAL ? "local" : "remote",
			before ? "resumed" : "temporarily held");
}

int sched_reload(struct sched *s, struct err *e)
{
	bool held[CHANS] = {s->c[CHAN_LOCAL].held, s->c[CHAN_REMOTE].held};

	/* what could be read holds, and the log tells of it */
	int r = load_chan(s, CHAN_LOCAL, e) < 0 || load_chan(s, CHAN_REMOTE, e) < 0 ||
		rewrite_reload(&s->rules, e) < 0 ? -1 : 0;

	sched_rates(s);
	held_line(s, CHAN_LOCAL, held[CHAN_LOCAL]);
	held_line(s, CHAN_REMOTE, held[CHAN_REMOTE]);
	sched_status(s);
	return r;
}

void sched_slots(struct sched *s, int chan, int spawner_limit)
{
	struct chan *c = &s->c[chan];

	if (c->concurrency > spawner_limit)
		c->concurrency = spawner_limit;
	c->limit = c->concurrency;
	c->slots = mem_alloc((size_t)(c->limit ? c->limit : 1) * sizeof *c->slots);
	for (int i = 0; i < c->limit; i++)
		buf_init(&c->slots[i].rcpt);
}

void sched_status(struct sched *s)
{
	const struct chan *l = &s->c[CHAN_LOCAL], *r = &s->c[CHAN_REMOTE];
	struct qlog_status st = {l->used, l->concurrency, r->used, r->concurrency, l->held, r->held, s->exiting,
		s->rates, s->delayed.used};

	qlog_status(&s->log, &st, s->q);
}

static time_t root(time_t n)
{
	time_t r = 0;

	for (time_t bit = (time_t)1 << 30; bit; bit >>= 1)
		if ((r + bit) * (r + bit) <= n)
			r += bit;
	return r;
}

time_t sched_next_try(time_t birth, time_t now, int chan)
{
	time_t n = (now > birth ? root(now - birth) : 0) + chanskip[chan];

	return birth + n * n;
}

void sched_ask_clean(struct sched *s, const char *what, uint64_t id, bool first, bool stray)
{
	struct cleaning c = {id, first, stray};

	steered_forget(s, id);
	buf_fmt(&s->clean, "%s/%llu", what, (unsigned long long)id);
	buf_addc(&s->clean, 0);
	vec_push(&s->cleaning, c);
}

void sched_cleaned(struct sched *s, char answer)
{
	if (s->cleaning_at == s->cleaning.n)
		return;
	struct cleaning c = s->cleaning.p[s->cleaning_at++];

	if (s->cleaning_at == s->cleaning.n)
		s->cleaning_at = s->cleaning.n = 0;
	if (answer != '+')
		qlog_say(&s->log, "warn", s->program, s->q, "qmail-clean unable to clean up %s/%llu",
			c.first ? "todo" : "mess", (unsigned long long)c.id);
	if (c.stray || !c.first)
		return;
	if (answer != '+') {
		/* still in todo: announced again it would be delivered again */
		prio_add(&s->unclean, clock_now() + SLEEP_SYSFAIL, c.id);
		return;
	}
	qlog_end(&s->log, c.id, s->old_end ? NULL : s->program, s->q);
	buf_fmt(&s->todo, "E%llu", (unsigned long long)c.id);
	buf_addc(&s->todo, 0);
}

/* VERP: owner-@host-@[] becomes owner-box=rcpthost@host for this recipient. */
static void expand_verp(struct str sender, struct str rcpt, struct buf *b)
{
	struct str base = str_to(sender, sender.n >= 4 ? sender.n - 4 : 0);
	size_t at = str_rchr(base, '@'), ra = str_rchr(rcpt, '@');

	if (!str_ends(sender, STR("-@[]")) || at == base.n) {
		buf_add(b, sender);
		return;
	}
	buf_add(b, str_to(base, at));
	buf_add(b, str_to(rcpt, ra));
	if (ra < rcpt.n) {
		buf_addc(b, '=');
		buf_add(b, str_from(rcpt, ra + 1));
	}
	buf_add(b, str_from(base, at));
}

static int free_slot(const struct chan *c)
{
	for (int i = 0; i < c->limit; i++)
		if (!c->slots[i].job)
			return i;
	return -1;
}

void sched_deliver(struct sched *s, int chan, struct job *j, struct str rcpt, struct str params, size_t index, off_t mpos)
{
	struct chan *c = &s->c[chan];
	int slot = free_slot(c);
	struct delivery *d = &c->slots[slot];

	d->job = j;
	d->number = ++s->number;
	d->index = index;
	d->mpos = mpos;
	buf_set(&d->rcpt, rcpt);
	j->refs++;
	c->used++;
	buf_addc(&c->out, (char)(slot & 255));
	buf_addc(&c->out, (char)(slot >> 8));
	layout_messid(&s->lay, j->id, &c->out);
	buf_addc(&c->out, 0);
	expand_verp(j->sender, rcpt, &c->out);
	buf_addc(&c->out, 0);
	buf_add(&c->out, j->extra);
	buf_addc(&c->out, 0);
	buf_add(&c->out, j->headers);
	notify_lines(j, params, &c->out);
	buf_addc(&c->out, 0);
	buf_add(&c->out, rcpt);
	buf_addc(&c->out, 0);
	qlog_start(&s->log, d->number, s->qident, j->id, chan == CHAN_REMOTE, rcpt, s->q);
	sched_status(s);
}

static bool ready(const struct sched *s, int chan)
{
	const struct chan *c = &s->c[chan];

	return !s->exiting && !s->detached && !c->dead && !c->held && c->used < c->concurrency &&
		c->out.n < OUT_MAX;
}

void sched_settled(struct sched *s, char letter, uint64_t id)
{
	struct job *j = job_find(s, id);
	time_t now = clock_now();

	if (j && j->settling && letter == 'G') {
		first_forget(s, j);
		return;
	}
	if (j && j->settling) {
		first_settle(s, j);
		return;
	}
	if (letter == 'L' || letter == 'B')
		prio_add(&s->c[CHAN_LOCAL].due, now, id);
	if (letter == 'R' || letter == 'B')
		prio_add(&s->c[CHAN_REMOTE].due, now, id);
	if (letter == 'X')
		prio_add(&s->done, now, id);
}

/* The last deferral of a message that has become too old, and a line that says so. */
static void too_old(struct buf *words)
{
	if (words->n && words->p[words->n - 1] != '\n')
		buf_addc(words, '\n');
	buf_adds(words, OUTCOME_TOO_OLD "\n");
}

static void report(struct sched *s, int chan, unsigned slot, struct str text)
{
	struct chan *c = &s->c[chan];

	if (slot >= (unsigned)c->limit || !c->slots[slot].job) {
		qlog_say(&s->log, "warn", s->program, s->q, "internal error: delivery report out of range");
		return;
	}
	struct delivery *d = &c->slots[slot];
	struct job *j = d->job;
	char letter = text.n ? text.p[0] : 0;
	struct buf words = BUF_INIT;

	if (letter != 'K' && letter != 'Z' && letter != 'D') {
		qlog_mangled(&s->log, d->number, s->qident, s->q);
		letter = 'Z';
	} else {
		buf_add(&words, str_to(str_from(text, 1), REPORT_MAX));
		if (letter == 'Z' && j->dying) {
			letter = 'D';
			too_old(&words);
		}
		qlog_report(&s->log, d->number, s->qident, letter, buf_str(&words), s->q);
	}
	metrics_add(s->metrics->deliveries[chan][letter == 'K' ? METRICS_SUCCESS : letter == 'Z' ? METRICS_DEFERRAL :
		METRICS_FAILURE], 1);
	j->refs--;
	c->used--;
	sched_status(s);
	if (j->fresh)
		first_report(s, d, letter, buf_str(&words));
	else
		settled_report(s, chan, d, letter, buf_str(&words));
	d->job = NULL;
	buf_free(&words);
}

void sched_reports(struct sched *s, int chan)
{
	struct buf *in = &s->c[chan].in;
	size_t used = 0;

	while (in->n - used > 2) {
		struct str rest = str_from(buf_str(in), used + 2);
		size_t end = str_chr(rest, 0);

		if (end == rest.n)
			break;
		unsigned slot = (unsigned char)in->p[used] | (unsigned)(unsigned char)in->p[used + 1] << 8;

		report(s, chan, slot, str_to(rest, end));
		used += 3 + end;
	}
	/* a spawner that never ends its report: keep the slot and the first bytes, drop the rest */
	buf_drop(in, used);
	if (in->n > REPORT_MAX * 2)
		buf_trunc(in, REPORT_MAX);
}

static void work_chan(struct sched *s, int chan)
{
	struct chan *c = &s->c[chan];
	struct prio_item item;

	while (ready(s, chan) && !delayed_pause(s)) {
		if (first_step(s, chan))
			continue;
		if (c->pass.job) {
			settled_step(s, chan);
			continue;
		}
		if (!prio_min(&c->due, &item) || item.when > clock_now())
			return;
		prio_drop_min(&c->due);
		if (!steered_park(s, chan, item.id))
			settled_open(s, chan, item.id);
	}
}

static time_t earlier(time_t t, const struct prio *q)
{
	struct prio_item item;

	return prio_min(q, &item) && item.when < t ? item.when : t;
}

static void gauge(struct sched *s)
{
	struct metrics *m = s->metrics;

	for (int c = 0; c < CHANS; c++) {
		metrics_set(m->running[c], s->c[c].used);
		metrics_set(m->limit[c], s->c[c].concurrency);
		metrics_set(m->waiting[c], (int64_t)(s->c[c].due.items.n + s->parked[c].used));
	}
	metrics_set(m->first, (int64_t)s->running);
	metrics_set(m->held, (int64_t)s->held.used);
}

time_t sched_work(struct sched *s)
{
	struct prio_item item;
	time_t now = clock_now(), next = now + 86400;

	s->refusals = 0;
	steered_hasten(s);
	work_chan(s, CHAN_LOCAL);
	work_chan(s, CHAN_REMOTE);
	while (!s->detached && prio_min(&s->done, &item) && item.when <= now) {
		prio_drop_min(&s->done);
		settled_finish(s, item.id);
	}
	gauge(s);
	if (s->exiting)
		return next;
	while (prio_min(&s->unclean, &item) && item.when <= now) {
		prio_drop_min(&s->unclean);
		sched_ask_clean(s, "done", item.id, true, false);
	}
	next = earlier(next, &s->unclean);
	if (s->detached)
		return next;
	if (delayed_pause(s))
		return now;
	for (int c = 0; c < CHANS; c++)
		if (ready(s, c) && !s->c[c].pass.job)
			next = earlier(next, &s->c[c].due);
	return earlier(next, &s->done);
}

void sched_all_due(struct sched *s)
{
	for (int c = 0; c < CHANS; c++)
		prio_all_due(&s->c[c].due, clock_now());
	prio_all_due(&s->done, clock_now());
	prio_all_due(&s->unclean, clock_now());
}

bool sched_idle(const struct sched *s)
{
	for (int c = 0; c < CHANS; c++)
		if (s->c[c].used && !s->c[c].dead)
			return false;
	return s->running == 0 && s->cleaning.n == 0;
}

void sched_stop(struct sched *s)
{
	s->exiting = true;
	for (int c = 0; c < CHANS; c++) {
		s->fresh[c].n = s->fresh_at[c] = 0;
		if (s->c[c].pass.job) {
			s->c[c].pass.job->left++;	/* whatever was not read yet waits */
			settled_close(s, &s->c[c].pass);
		}
	}
	for (size_t i = 0; i < s->jobs_size; ) {
		struct job *j = s->jobs[i];
		size_t before = s->jobs_used;

		if (j)
			first_check(s, j);
		/* a removal moves other entries: look at this place again */
		i += s->jobs_used == before;
	}
}
