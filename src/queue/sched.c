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
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "queue/envelope.h"
#include "queue/qlog.h"

enum {
	SLEEP_SYSFAIL = 123,
	REPORT_MAX = 10000,
	RECORD_MAX = 1 << 20,
	OUT_MAX = 1 << 20,	/* commands waiting for a spawner before we pause */
	BOUNCE_WAIT_MS = 10000,
	FRESH_SHIFT = 512,	/* consumed entries before the list is moved down */
};
static const int chanskip[CHANS] = {10, 20};
static const enum part chan_part[CHANS] = {Q_LOCAL, Q_REMOTE};

enum rcpt_state { WAITING, RUNNING, DELIVERED, FAILED, DEFERRED };

struct rcpt {
	struct str addr;
	int chan;
	enum rcpt_state state;
	char *report;		/* of a failure, owned */
	size_t report_len;
};

struct job {
	struct arena mem;
	uint64_t id;
	time_t birth, retry;
	struct str sender, extra, headers;
	int refs;		/* deliveries running */
	bool dying;
	/* settled messages: one channel */
	int chan;
	size_t left;		/* recipients not finished, as far as the pass has read */
	bool open;		/* the pass still reads */
	/* first attempts: both channels */
	bool fresh, settling, touched;
	VEC(struct rcpt) rcpts;
	size_t next[CHANS];	/* where the search for a waiting recipient goes on */
};

static void say(struct sched *s, const char *level, const char *what, const char *fn, int num)
{
	qlog_say(&s->log, level, s->program, s->q, "%s %s%s%s", what, fn, num ? ": " : "", num ? strerror(num) : "");
}

void sched_init(struct sched *s, const char *program, const char *q)
{
	*s = (struct sched){.program = program, .q = q, .lay = layout_conf(), .log = BUF_INIT, .clean = BUF_INIT,
		.todo = BUF_INIT, .rules = REWRITE_INIT};
	s->qident = conf_env(CONF_QIDENT);
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

	buf_fmt(&name, "concurrency%c.%s", chan == CHAN_LOCAL ? 'l' : 'r', s->q);
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
		conf_int(CONF_BOUNCELIFETIME, &s->bouncelifetime, e) < 0 || bounce_load(&s->bounce, e) < 0)
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

	if (load_chan(s, CHAN_LOCAL, e) < 0 || load_chan(s, CHAN_REMOTE, e) < 0 ||
		rewrite_reload(&s->rules, e) < 0)
		return -1;
	held_line(s, CHAN_LOCAL, held[CHAN_LOCAL]);
	held_line(s, CHAN_REMOTE, held[CHAN_REMOTE]);
	sched_status(s);
	return 0;
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
	struct qlog_status st = {l->used, l->concurrency, r->used, r->concurrency, l->held, r->held, s->exiting};

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

/* ---- jobs ------------------------------------------------------------------------------------- */

static struct job *job_new(uint64_t id)
{
	struct job *j = mem_alloc(sizeof *j);

	j->id = id;
	return j;
}

static void job_free(struct job *j)
{
	for (size_t i = 0; i < j->rcpts.n; i++)
		mem_free(j->rcpts.p[i].report);
	vec_free(&j->rcpts);
	arena_free(&j->mem);
	mem_free(j);
}

static bool dying(const struct sched *s, const struct job *j, time_t now)
{
	return now > j->birth + (j->sender.n ? s->lifetime : s->bouncelifetime);
}

/* The table of first attempts, needed when todo-proc reports one settled: few entries, open addressing. */
static size_t jobs_slot(const struct sched *s, uint64_t id)
{
	size_t i = (size_t)(id * 11400714819323198485u >> 32) & (s->jobs_size - 1);

	while (s->jobs[i] && s->jobs[i]->id != id)
		i = (i + 1) & (s->jobs_size - 1);
	return i;
}

static struct job *jobs_find(const struct sched *s, uint64_t id)
{
	return s->jobs_size ? s->jobs[jobs_slot(s, id)] : NULL;
}

static void jobs_add(struct sched *s, struct job *j)
{
	if ((s->jobs_used + 1) * 2 > s->jobs_size) {
		struct sched old = *s;

		s->jobs_size = old.jobs_size ? old.jobs_size * 2 : 64;
		s->jobs = mem_alloc(s->jobs_size * sizeof *s->jobs);
		for (size_t i = 0; i < old.jobs_size; i++)
			if (old.jobs[i])
				s->jobs[jobs_slot(s, old.jobs[i]->id)] = old.jobs[i];
		mem_free(old.jobs);
	}
	s->jobs[jobs_slot(s, j->id)] = j;
	s->jobs_used++;
}

static void jobs_del(struct sched *s, const struct job *j)
{
	size_t i = jobs_slot(s, j->id);

	s->jobs[i] = NULL;
	s->jobs_used--;
	/* what follows in the run may have been pushed on by the entry that left */
	for (i = (i + 1) & (s->jobs_size - 1); s->jobs[i]; i = (i + 1) & (s->jobs_size - 1)) {
		struct job *k = s->jobs[i];

		s->jobs[i] = NULL;
		s->jobs[jobs_slot(s, k->id)] = k;
	}
}

/* ---- orders to the partners ------------------------------------------------------------------- */

static void ask_clean(struct sched *s, const char *what, uint64_t id, bool first, bool stray)
{
	struct cleaning c = {id, first, stray};

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
	qlog_end(&s->log, c.id, s->program, s->q);
	buf_fmt(&s->todo, "E%llu", (unsigned long long)c.id);
	buf_addc(&s->todo, 0);
}

static void order_settle(struct sched *s, struct job *j)
{
	j->settling = true;
	buf_fmt(&s->todo, "S%llu %lld ", (unsigned long long)j->id, (long long)j->birth);
	for (size_t i = 0; i < j->rcpts.n; i++)
		buf_addc(&s->todo, j->rcpts.p[i].state == DELIVERED ? '1' : '0');
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

static void start_delivery(struct sched *s, int chan, struct job *j, struct str rcpt, size_t index, off_t mpos)
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

/* ---- settled messages ------------------------------------------------------------------------- */

static void path(const struct sched *s, enum part p, uint64_t id, struct buf *fn)
{
	buf_clear(fn);
	layout_path(&s->lay, p, id, fn);
}

static void try_later(struct sched *s, int chan, uint64_t id, const char *what, const char *fn, int num)
{
	qlog_say(&s->log, "warn", s->program, s->q, "%s %s: %s; will try again later", what, fn, strerror(num));
	prio_add(chan < 0 ? &s->done : &s->c[chan].due, clock_now() + SLEEP_SYSFAIL, id);
}

/* Open the recipients file of a due message. */
static void open_pass(struct sched *s, int chan, uint64_t id)
{
	struct pass *p = &s->c[chan].pass;
	struct buf fn = BUF_INIT;
	struct envelope v;
	struct err e = {0};
	struct stat st;

	path(s, chan_part[chan], id, &fn);
	int fd = file_open(fn.p, O_RDONLY, 0);

	if (fd < 0) {
		if (errno == ENOENT)
			prio_add(&s->done, clock_now(), id);	/* this channel is finished after all */
		else
			try_later(s, chan, id, "unable to open", fn.p, errno);
		goto out;
	}
	path(s, Q_INFO, id, &fn);
	if (file_stat(fn.p, &st) < 0 || envelope_read(fn.p, &v, &e) < 0) {
		try_later(s, chan, id, "unable to read", fn.p, e.class ? e.num : errno);
		fd_close(fd);
		goto out;
	}
	struct job *j = job_new(id);

	j->mem = v.mem;
	vec_free(&v.rcpts);
	j->sender = v.sender;
	j->extra = v.extra;
	j->headers = v.headers;
	j->birth = st.st_mtime;
	j->chan = chan;
	j->open = true;
	j->dying = dying(s, j, clock_now());
	j->retry = sched_next_try(j->birth, clock_now(), chan);
	p->job = j;
	p->fd = fd;
	p->pos = 0;
	in_init(&p->in, fd, p->space, sizeof p->space);
out:
	buf_free(&fn);
}

/* A settled message has no recipients left on this channel, or waits for its next try. */
static void finish_pass_job(struct sched *s, struct job *j)
{
	struct buf fn = BUF_INIT;

	if (j->left) {
		prio_add(&s->c[j->chan].due, j->retry, j->id);
	} else {
		path(s, chan_part[j->chan], j->id, &fn);
		if (file_unlink(fn.p) < 0 && errno != ENOENT) {
			try_later(s, j->chan, j->id, "unable to unlink", fn.p, errno);
		} else {
			path(s, chan_part[1 - j->chan], j->id, &fn);
			if (!file_exists(fn.p))
				prio_add(&s->done, clock_now(), j->id);
		}
	}
	buf_free(&fn);
	job_free(j);
}

static void close_pass(struct sched *s, struct pass *p)
{
	struct job *j = p->job;

	fd_close(p->fd);
	p->fd = -1;
	p->job = NULL;
	j->open = false;
	if (!j->refs)
		finish_pass_job(s, j);
}

/* Start the next delivery of the open pass; false when the pass was closed. */
static bool step_pass(struct sched *s, int chan)
{
	struct pass *p = &s->c[chan].pass;
	struct buf fn = BUF_INIT;

	for (;;) {
		buf_clear(&p->record);
		int r = in_line(&p->in, &p->record, 0, RECORD_MAX);
		off_t at = p->pos;

		p->pos += (off_t)p->record.n;
		if (r == 1 && p->record.p[0] == 'D')
			continue;
		if (r == 1 && p->record.p[0] == 'T') {
			p->job->left++;
			start_delivery(s, chan, p->job, str_from(str_to(buf_str(&p->record), p->record.n - 1), 1), 0, at);
			return true;
		}
		if (r != 0 || p->record.n) {
			/* keep the message: whatever is behind the damage is tried when it can be read */
			path(s, chan_part[chan], p->job->id, &fn);
			say(s, "warn", r < 0 ? "trouble reading" : "unknown record type in", fn.p, r < 0 ? errno : 0);
			p->job->left++;
		}
		buf_free(&fn);
		close_pass(s, p);
		return false;
	}
}

static bool stopping(const struct sched *s)
{
	return s->exiting || (s->stop_asked && *s->stop_asked);
}

static void mark_done(struct sched *s, int chan, uint64_t id, off_t mpos)
{
	struct buf fn = BUF_INIT;

	path(s, chan_part[chan], id, &fn);
	int fd = file_open(fn.p, O_WRONLY, 0);

	if (fd < 0 || fd_seek(fd, mpos) < 0 || fd_write_all(fd, "D", 1) < 0)
		qlog_say(&s->log, "warn", s->program, s->q, "trouble marking %s; message will be delivered twice!", fn.p);
	fd_close(fd);
	buf_free(&fn);
}

/* Note a failure; false: the queue is being stopped and the note could not be written. */
static bool add_bounce(struct sched *s, uint64_t id, struct str rcpt, struct str report)
{
	struct err e = {0};

	while (bounce_append(&s->rules, id, rcpt, report, &e) < 0) {
		const char *text = "unable to append to bounce message; HELP! sleeping...";

		qlog_say(&s->log, "alert", s->program, s->q, "%s", text);
		fd_write_all(0, s->log.p, s->log.n);
		buf_clear(&s->log);
		clock_nap_ms(BOUNCE_WAIT_MS);
		if (stopping(s))
			return false;
	}
	return true;
}

/* A rescan may have entered a message twice.  Once info is gone its number belongs to somebody else. */
static bool finishable(struct sched *s, uint64_t id)
{
	struct buf fn = BUF_INIT;
	bool good;

	path(s, Q_INFO, id, &fn);
	good = file_exists(fn.p);
	for (int c = 0; c < CHANS && good; c++) {
		path(s, chan_part[c], id, &fn);
		if (!file_exists(fn.p))
			continue;
		prio_add(&s->c[c].due, clock_now() + SLEEP_SYSFAIL, id);
		good = false;
	}
	buf_free(&fn);
	return good;
}

/* All recipients are finished: bounce, then out of the queue. */
static void finish_message(struct sched *s, uint64_t id)
{
	struct buf fn = BUF_INIT;
	struct envelope v = {0};
	struct err e = {0};
	enum bounce_result r = BOUNCE_NONE;

	if (!finishable(s, id))
		return;
	buf_fmt(&fn, "bounce/%llu", (unsigned long long)id);
	if (file_exists(fn.p)) {
		path(s, Q_INFO, id, &fn);
		if (envelope_read(fn.p, &v, &e) < 0) {
			try_later(s, -1, id, "unable to read", fn.p, e.num);
			goto out;
		}
		r = bounce_send(&s->bounce, &s->lay, id, v.sender, s->q, &s->log);
		envelope_free(&v);
	}
	if (r == BOUNCE_LATER) {
		prio_add(&s->done, clock_now() + SLEEP_SYSFAIL, id);
		goto out;
	}
	path(s, Q_INFO, id, &fn);
	if (file_unlink(fn.p) < 0 && errno != ENOENT) {
		try_later(s, -1, id, "unable to unlink", fn.p, errno);
		goto out;
	}
	qlog_end(&s->log, id, s->program, s->q);
	ask_clean(s, "foop", id, false, false);
out:
	buf_free(&fn);
}

/* ---- first attempts --------------------------------------------------------------------------- */

static bool parse_first(struct job *j, struct str records)
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

	if (s->exiting || jobs_find(s, id))
		return;	/* it simply stays in todo */
	j = job_new(id);
	j->fresh = true;
	j->birth = birth;
	if (!parse_first(j, records)) {
		qlog_say(&s->log, "alert", s->program, s->q, "unintelligible announcement of msg %llu",
			(unsigned long long)id);
		job_free(j);
		return;
	}
	jobs_add(s, j);
	s->running++;
	for (size_t i = 0; i < j->rcpts.n; i++)
		on[j->rcpts.p[i].chan] = true;
	for (int c = 0; c < CHANS; c++)
		if (on[c])
			vec_push(&s->fresh[c], j);
}

static void forget_first(struct sched *s, struct job *j)
{
	for (int c = 0; c < CHANS; c++)
		for (size_t i = s->fresh_at[c]; i < s->fresh[c].n; i++)
			if (s->fresh[c].p[i] == j)
				s->fresh[c].p[i] = NULL;
	jobs_del(s, j);
	s->running--;
	job_free(j);
}

/* Every recipient has been tried? */
static void check_first(struct sched *s, struct job *j)
{
	size_t delivered = 0, waiting = 0;

	for (size_t i = 0; i < j->rcpts.n; i++) {
		delivered += j->rcpts.p[i].state == DELIVERED;
		waiting += j->rcpts.p[i].state == WAITING;
	}
	if (j->refs || j->settling || (waiting && !s->exiting))
		return;
	if (delivered == j->rcpts.n) {
		ask_clean(s, "done", j->id, true, false);
		forget_first(s, j);
	} else if (waiting && !j->touched) {
		forget_first(s, j);	/* exiting: it simply stays in todo */
	} else {
		order_settle(s, j);
	}
}

/* The next waiting recipient of the oldest first attempt on this channel; false when there is none. */
static bool step_first(struct sched *s, int chan)
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
			r->state = RUNNING;
			j->touched = true;
			start_delivery(s, chan, j, r->addr, i, 0);
			return true;
		}
		s->fresh_at[chan]++;
	}
	s->fresh_at[chan] = s->fresh[chan].n = 0;
	return false;
}

/* todo-proc has written info, local and remote of a first attempt: what failed is marked and noted,
 * what was deferred waits. */
static void settle_first(struct sched *s, struct job *j)
{
	off_t pos[CHANS] = {0, 0};
	size_t left[CHANS] = {0, 0}, written[CHANS] = {0, 0};
	struct buf fn = BUF_INIT;
	time_t now = clock_now();

	for (size_t i = 0; i < j->rcpts.n; i++) {
		struct rcpt *r = &j->rcpts.p[i];

		written[r->chan] += r->state != DELIVERED;
		if (r->state == FAILED && !add_bounce(s, j->id, r->addr, str_make(r->report, r->report_len)))
			r->state = DEFERRED;
		if (r->state == FAILED)
			mark_done(s, r->chan, j->id, pos[r->chan]);
		left[r->chan] += r->state == DEFERRED || r->state == WAITING;
		pos[r->chan] += (off_t)r->addr.n + 2;
	}
	for (int c = 0; c < CHANS; c++) {
		if (left[c]) {
			prio_add(&s->c[c].due, sched_next_try(j->birth, now, c), j->id);
		} else if (written[c]) {
			path(s, chan_part[c], j->id, &fn);
			if (file_unlink(fn.p) < 0)
				try_later(s, c, j->id, "unable to unlink", fn.p, errno), left[c]++;
		}
	}
	if (!left[CHAN_LOCAL] && !left[CHAN_REMOTE])
		prio_add(&s->done, now, j->id);
	buf_free(&fn);
	forget_first(s, j);
}

void sched_settled(struct sched *s, char letter, uint64_t id)
{
	struct job *j = jobs_find(s, id);
	time_t now = clock_now();

	if (j && j->settling && letter == 'G') {
		forget_first(s, j);
		return;
	}
	if (j && j->settling) {
		settle_first(s, j);
		return;
	}
	if (letter == 'L' || letter == 'B')
		prio_add(&s->c[CHAN_LOCAL].due, now, id);
	if (letter == 'R' || letter == 'B')
		prio_add(&s->c[CHAN_REMOTE].due, now, id);
	if (letter == 'X')
		prio_add(&s->done, now, id);
}

/* ---- reports ---------------------------------------------------------------------------------- */

static const char too_long[] = "\nThis message has been waiting for too long; no further delivery will be tried.\n";

static void report_first(struct sched *s, struct delivery *d, char letter, struct str text)
{
	struct job *j = d->job;
	struct rcpt *r = &j->rcpts.p[d->index];

	r->state = letter == 'K' ? DELIVERED : letter == 'D' ? FAILED : DEFERRED;
	if (letter == 'D') {
		r->report = mem_copy(text.p, text.n);
		r->report_len = text.n;
	}
	check_first(s, j);
}

static void report_settled(struct sched *s, int chan, struct delivery *d, char letter, struct str text)
{
	struct job *j = d->job;

	if (letter == 'D' && !add_bounce(s, j->id, buf_str(&d->rcpt), text))
		letter = 'Z';
	if (letter != 'Z') {
		mark_done(s, chan, j->id, d->mpos);
		j->left--;
	}
	if (!j->refs && !j->open)
		finish_pass_job(s, j);
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
			buf_adds(&words, too_long);
		}
		qlog_report(&s->log, d->number, s->qident, letter, buf_str(&words), s->q);
	}
	j->refs--;
	c->used--;
	sched_status(s);
	if (j->fresh)
		report_first(s, d, letter, buf_str(&words));
	else
		report_settled(s, chan, d, letter, buf_str(&words));
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

/* ---- the whole -------------------------------------------------------------------------------- */

static void work_chan(struct sched *s, int chan)
{
	struct chan *c = &s->c[chan];
	struct prio_item item;

	while (ready(s, chan)) {
		if (step_first(s, chan))
			continue;
		if (c->pass.job) {
			step_pass(s, chan);
			continue;
		}
		if (!prio_min(&c->due, &item) || item.when > clock_now())
			return;
		prio_drop_min(&c->due);
		open_pass(s, chan, item.id);
	}
}

static time_t earlier(time_t t, const struct prio *q)
{
	struct prio_item item;

	return prio_min(q, &item) && item.when < t ? item.when : t;
}

time_t sched_work(struct sched *s)
{
	struct prio_item item;
	time_t now = clock_now(), next = now + 86400;

	work_chan(s, CHAN_LOCAL);
	work_chan(s, CHAN_REMOTE);
	while (!s->detached && prio_min(&s->done, &item) && item.when <= now) {
		prio_drop_min(&s->done);
		finish_message(s, item.id);
	}
	if (s->exiting)
		return next;
	while (prio_min(&s->unclean, &item) && item.when <= now) {
		prio_drop_min(&s->unclean);
		ask_clean(s, "done", item.id, true, false);
	}
	next = earlier(next, &s->unclean);
	if (s->detached)
		return next;
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
			close_pass(s, &s->c[c].pass);
		}
	}
	for (size_t i = 0; i < s->jobs_size; ) {
		struct job *j = s->jobs[i];
		size_t before = s->jobs_used;

		if (j)
			check_first(s, j);
		/* a removal moves other entries: look at this place again */
		i += s->jobs_used == before;
	}
}

/* ---- start and end ---------------------------------------------------------------------------- */

static bool next_try(struct sched *s, int chan, uint64_t id, struct buf *fn)
{
	struct stat st;

	path(s, chan_part[chan], id, fn);
	if (file_stat(fn->p, &st) < 0) {
		if (errno != ENOENT)
			try_later(s, chan, id, "unable to stat", fn->p, errno);
		return errno != ENOENT;
	}
	prio_add(&s->c[chan].due, st.st_mtime, id);
	return true;
}

static void scan_part(struct sched *s, const char *dir)
{
	struct buf fn = BUF_INIT;
	struct dir d;
	const char *name;
	uint64_t id;

	while (dir_open(&d, dir) < 0) {
		qlog_say(&s->log, "alert", s->program, s->q, "unable to opendir %s, sleeping...", dir);
		fd_write_all(0, s->log.p, s->log.n);
		buf_clear(&s->log);
		clock_nap_ms(10000);
		if (stopping(s))
			return;
	}
	while (dir_next(&d, &name) > 0) {
		if (!num_parse(str_z(name), UINT64_MAX, &id))
			continue;
		/* still in todo: todo-proc will begin it anew */
		path(s, Q_TODO, id, &fn);
		if (file_exists(fn.p))
			continue;
		bool local = next_try(s, CHAN_LOCAL, id, &fn);

		if (!next_try(s, CHAN_REMOTE, id, &fn) && !local)
			prio_add(&s->done, clock_now(), id);
	}
	dir_close(&d);
	buf_free(&fn);
}

void sched_scan(struct sched *s)
{
	struct buf dir = BUF_INIT;

	for (int i = 0; i < s->lay.split && !s->exiting; i++) {
		buf_clear(&dir);
		buf_fmt(&dir, "info/%d", i);
		scan_part(s, dir.p);
	}
	buf_free(&dir);
}

/* A message without info and todo belongs to a writer that died, once nobody has touched it for OSSIFIED. */
static void sweep_file(struct sched *s, uint64_t id, const char *name, long ossified)
{
	struct buf fn = BUF_INIT;
	struct stat st;

	if (file_stat(name, &st) < 0 || clock_now() <= st.st_atime + ossified)
		return;
	path(s, Q_INFO, id, &fn);
	bool info = file_exists(fn.p);

	path(s, Q_TODO, id, &fn);
	if (!info && !file_exists(fn.p))
		ask_clean(s, "foop", id, false, true);
	buf_free(&fn);
}

bool sched_sweep(struct sched *s)
{
	struct buf fn = BUF_INIT;
	struct dir d;
	const char *name;
	long ossified = 129600;
	uint64_t id;

	conf_int(CONF_OSSIFIED, &ossified, NULL);
	buf_fmt(&fn, "mess/%d", s->sweep_at);
	if (dir_open(&d, fn.p) == 0) {
		while (dir_next(&d, &name) > 0) {
			buf_clear(&fn);
			buf_fmt(&fn, "mess/%d/%s", s->sweep_at, name);
			if (num_parse(str_z(name), UINT64_MAX, &id) && !jobs_find(s, id))
				sweep_file(s, id, fn.p, ossified);
		}
		dir_close(&d);
	}
	buf_free(&fn);
	s->sweep_at = (s->sweep_at + 1) % s->lay.split;
	return s->sweep_at == 0;
}

void sched_forget(struct sched *s)
{
	for (int c = 0; c < CHANS; c++) {
		s->c[c].due.items.n = 0;
		if (s->c[c].pass.job) {
			s->c[c].pass.job->left++;
			close_pass(s, &s->c[c].pass);
			s->c[c].due.items.n = 0;
		}
	}
	s->done.items.n = 0;
}

void sched_save_times(struct sched *s)
{
	struct buf fn = BUF_INIT;

	for (int c = 0; c < CHANS; c++)
		for (size_t i = 0; i < s->c[c].due.items.n; i++) {
			struct prio_item item = s->c[c].due.items.p[i];

			path(s, chan_part[c], item.id, &fn);
			if (file_mtime(fn.p, item.when) < 0 && errno != ENOENT)
				say(s, "warn", "unable to utime", fn.p, errno);
		}
	buf_free(&fn);
}
