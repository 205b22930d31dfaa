/* settled - messages on disk: passes over their recipients files, marks, bounces, the end; see job.h. */
#include <errno.h>
#include <string.h>

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/smtp/dsn.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "queue/envelope.h"
#include "queue/floor.h"
#include "queue/job.h"
#include "queue/qlog.h"

enum {
	SLEEP_SYSFAIL = 123,
	RECORD_MAX = 1 << 20,
	BOUNCE_WAIT_MS = 10000,
};
const enum part chan_part[CHANS] = {Q_LOCAL, Q_REMOTE};

void settled_path(const struct sched *s, enum part p, uint64_t id, struct buf *fn)
{
	buf_clear(fn);
	layout_path(&s->lay, p, id, fn);
}

void settled_retry(struct sched *s, int chan, uint64_t id, const char *what, const char *fn, int num)
{
	qlog_say(&s->log, "warn", s->program, s->q, "%s %s: %s; will try again later", what, fn,
		num ? strerror(num) : "it is damaged");
	prio_add(chan < 0 ? &s->done : &s->c[chan].due, clock_now() + SLEEP_SYSFAIL, id);
}

static bool running(const struct sched *s, int chan, uint64_t id)
{
	const struct chan *k = &s->c[chan];

	for (int i = 0; k->used && i < k->limit; i++)
		if (k->slots[i].job && k->slots[i].job->id == id)
			return true;
	return false;
}

bool settled_running(const struct sched *s, uint64_t id)
{
	return running(s, CHAN_LOCAL, id) || running(s, CHAN_REMOTE, id);
}

/* Open the recipients file of a due message, once at a time: it may have been entered twice. */
void settled_open(struct sched *s, int chan, uint64_t id)
{
	struct pass *p = &s->c[chan].pass;
	struct buf fn = BUF_INIT;
	struct envelope v;
	struct err e = {0};
	struct stat st;

	if (running(s, chan, id))
		return;
	if (chan == CHAN_REMOTE)
		delayed_begin(s, id);
	settled_path(s, chan_part[chan], id, &fn);
	int fd = file_open(fn.p, O_RDONLY, 0);

	if (fd < 0) {
		if (errno == ENOENT)
			prio_add(&s->done, clock_now(), id);	/* this channel is finished after all */
		else
			settled_retry(s, chan, id, "unable to open", fn.p, errno);
		goto out;
	}
	settled_path(s, Q_INFO, id, &fn);
	if (file_stat(fn.p, &st) < 0 || envelope_read(fn.p, &v, &e) < 0) {
		settled_retry(s, chan, id, "unable to read", fn.p, e.class ? e.num : errno);
		fd_close(fd);
		goto out;
	}
	struct job *j = job_new(id);

	j->mem = v.mem;
	notes_take(&v, chan == CHAN_REMOTE ? 'R' : 'L', &j->notes);
	vec_free(&v.rcpts);
	vec_free(&v.dsn);
	vec_free(&v.notes);
	j->sender = v.sender;
	j->params = v.params;
	j->extra = v.extra;
	j->headers = v.headers;
	j->birth = st.st_mtime;
	j->chan = chan;
	j->open = true;
	j->dying = job_dying(s, j, clock_now());
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

	notify_send(s, j);
	if (j->left) {
		prio_add(&s->c[j->chan].due, delayed_turn(s, j->chan, j, j->left, j->retry), j->id);
	} else {
		settled_path(s, chan_part[j->chan], j->id, &fn);
		if (file_unlink(fn.p) < 0 && errno != ENOENT) {
			settled_retry(s, j->chan, j->id, "unable to unlink", fn.p, errno);
		} else {
			settled_path(s, chan_part[1 - j->chan], j->id, &fn);
			if (!file_exists(fn.p))
				prio_add(&s->done, clock_now(), j->id);
		}
	}
	buf_free(&fn);
	job_free(j);
}

void settled_close(struct sched *s, struct pass *p)
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
bool settled_step(struct sched *s, int chan)
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
			struct str rcpt = str_from(str_to(buf_str(&p->record), p->record.n - 1), 1);
			const struct note *n = notes_find(&p->job->notes, at);

			p->job->left++;
			if (delayed_may(s, chan, p->job, rcpt))
				sched_deliver(s, chan, p->job, rcpt, n ? n->params : STR(""), 0, at);
			else if (n)
				notify_delay(s, p->job, n, STR(""));
			return true;
		}
		if (r != 0 || p->record.n) {
			/* keep the message: whatever is behind the damage is tried when it can be read */
			settled_path(s, chan_part[chan], p->job->id, &fn);
			sched_say(s, "warn", r < 0 ? "trouble reading" : "unknown record type in", fn.p, r < 0 ? errno : 0);
			p->job->left++;
		}
		buf_free(&fn);
		settled_close(s, p);
		return false;
	}
}

static bool stopping(const struct sched *s)
{
	return s->exiting || (s->stop_asked && *s->stop_asked);
}

void settled_mark(struct sched *s, int chan, uint64_t id, off_t mpos)
{
	struct buf fn = BUF_INIT;

	settled_path(s, chan_part[chan], id, &fn);
	int fd = file_open(fn.p, O_WRONLY, 0);

	if (fd < 0 || fd_seek(fd, mpos) < 0 || fd_write_all(fd, "D", 1) < 0)
		qlog_say(&s->log, "warn", s->program, s->q, "trouble marking %s; message will be delivered twice!", fn.p);
	fd_close(fd);
	buf_free(&fn);
}

/* Note a failure; false: the queue is being stopped and the note could not be written. */
bool settled_bounce(struct sched *s, uint64_t id, struct str rcpt, struct str report)
{
	struct err e = {0};

	while (bounce_append(&s->rules, id, rcpt, report, &e) < 0) {
		const char *text = "unable to append to bounce message; HELP! sleeping...";

		qlog_say(&s->log, "alert", s->program, s->q, "%s", text);
		qlog_write(0, &s->log);
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

	settled_path(s, Q_INFO, id, &fn);
	good = file_exists(fn.p);
	for (int c = 0; c < CHANS && good; c++) {
		settled_path(s, chan_part[c], id, &fn);
		if (!file_exists(fn.p))
			continue;
		prio_add(&s->c[c].due, clock_now() + SLEEP_SYSFAIL, id);
		good = false;
	}
	buf_free(&fn);
	return good;
}

/* Reports of success that are still due, and the bounce.  False: later. */
static bool tell_sender(struct sched *s, uint64_t id, time_t birth, const struct envelope *v)
{
	struct notes notes = {{0}};
	struct bounced m = {.id = id, .birth = birth, .sender = v->sender, .params = v->params, .notes = &notes};
	struct bounce_log log = {s->program, s->q, &s->log};

	notes_take(v, 0, &notes);
	bool told = notify_rest(s, &m);
	enum bounce_result r = told ? bounce_send(&s->bounce, &s->rules, &s->lay, &m, &log) : BOUNCE_LATER;

	metrics_add(s->metrics->bounces, r == BOUNCE_DONE);
	told = r != BOUNCE_LATER;

	vec_free(&notes.v);
	return told;
}

/* All recipients are finished: bounce, then out of the queue. */
void settled_finish(struct sched *s, uint64_t id)
{
	struct buf fn = BUF_INIT;
	struct envelope v = {0};
	struct err e = {0};
	struct stat st;

	if (!finishable(s, id))
		return;
	settled_path(s, Q_INFO, id, &fn);
	if (file_stat(fn.p, &st) < 0 || envelope_read(fn.p, &v, &e) < 0) {
		settled_retry(s, -1, id, "unable to read", fn.p, e.class ? e.num : errno);
		goto out;
	}
	if (!tell_sender(s, id, st.st_mtime, &v)) {
		prio_add(&s->done, clock_now() + SLEEP_SYSFAIL, id);
		goto out;
	}
	if (file_unlink(fn.p) < 0 && errno != ENOENT) {
		settled_retry(s, -1, id, "unable to unlink", fn.p, errno);
		goto out;
	}
	metrics_ended(s->metrics, st.st_mtime, clock_now());
	qlog_end(&s->log, id, s->old_end ? NULL : s->program, s->q);
	sched_ask_clean(s, "foop", id, false, false);
out:
	envelope_free(&v);
	buf_free(&fn);
}

void settled_report(struct sched *s, int chan, struct delivery *d, char letter, struct str text)
{
	struct job *j = d->job;
	struct note *n = notes_find(&j->notes, d->mpos);
	struct str params = n ? n->params : STR("");

	if (letter == 'D' && dsn_wants(params, DSN_FAILURE) && !settled_bounce(s, j->id, buf_str(&d->rcpt), text))
		letter = 'Z';
	if (n && letter == 'Z')
		notify_delay(s, j, n, text);
	char due = n && letter == 'K' ? notify_due(j, chan, params, text) : 0;

	if (due) {
		notify_mark(s, j->id, n, due);
		notify_add(j, n, due, text);
	}
	if (letter != 'Z') {
		settled_mark(s, chan, j->id, d->mpos);
		j->left--;
	}
	if (!j->refs && !j->open)
		finish_pass_job(s, j);
}

static bool next_try(struct sched *s, int chan, uint64_t id, struct buf *fn)
{
	struct stat st;

	settled_path(s, chan_part[chan], id, fn);
	if (file_stat(fn->p, &st) < 0) {
		if (errno != ENOENT)
			settled_retry(s, chan, id, "unable to stat", fn->p, errno);
		return errno != ENOENT;
	}
	prio_add(&s->c[chan].due, st.st_mtime, id);
	if (s->rates && chan == CHAN_REMOTE)
		idset_add(&s->delayed, id);
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
		qlog_write(0, &s->log);
		clock_nap_ms(10000);
		if (stopping(s))
			return;
	}
	while (dir_next(&d, &name) > 0) {
		if (!num_parse(str_z(name), UINT64_MAX, &id))
			continue;
		/* still in todo: todo-proc will begin it anew */
		settled_path(s, Q_TODO, id, &fn);
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

	if (file_stat(name, &st) < 0 || !floor_stale(st.st_atime, ossified))
		return;
	settled_path(s, Q_INFO, id, &fn);
	bool info = file_exists(fn.p);

	settled_path(s, Q_TODO, id, &fn);
	if (!info && !file_exists(fn.p))
		sched_ask_clean(s, "foop", id, false, true);
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
			if (num_parse(str_z(name), UINT64_MAX, &id) && !job_find(s, id))
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
			settled_close(s, &s->c[c].pass);
			s->c[c].due.items.n = 0;
		}
	}
	s->done.items.n = 0;
	idset_free(&s->delayed);
	for (int c = 0; c < CHANS; c++)
		idset_free(&s->parked[c]);
}

void sched_save_times(struct sched *s)
{
	struct buf fn = BUF_INIT;

	for (int c = 0; c < CHANS; c++)
		for (size_t i = 0; i < s->c[c].due.items.n; i++) {
			struct prio_item item = s->c[c].due.items.p[i];

			settled_path(s, chan_part[c], item.id, &fn);
			if (file_mtime(fn.p, item.when) < 0 && errno != ENOENT)
				sched_say(s, "warn", "unable to utime", fn.p, errno);
		}
	buf_free(&fn);
}
