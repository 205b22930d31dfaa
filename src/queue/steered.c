/* steered - send takes orders about messages; see steer.h and job.h. */
#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/local.h"
#include "queue/job.h"
#include "queue/qlog.h"
#include "queue/steer.h"

enum { IDLE_MS = 60000, OUT_MAX = 1 << 16, LINE_MAX = 64, BLOCK = 4096 };

bool steered_held(const struct sched *s, uint64_t id)
{
	return idset_has(&s->held, id) || idset_has(&s->frozen, id);
}

bool steered_park(struct sched *s, int chan, uint64_t id)
{
	if (!steered_held(s, id))
		return false;
	idset_add(&s->parked[chan], id);
	return true;
}

/* It may be delivered again: what came up meanwhile is due. */
static void unpark(struct sched *s, uint64_t id)
{
	if (steered_held(s, id))
		return;
	for (int c = 0; c < CHANS; c++)
		if (idset_has(&s->parked[c], id)) {
			idset_del(&s->parked[c], id);
			prio_add(&s->c[c].due, clock_now(), id);
		}
}

void steered_forget(struct sched *s, uint64_t id)
{
	struct err e = {0};

	if (idset_has(&s->held, id) && steer_set_hold(id, false, &e) < 0)
		sched_say(s, "warn", e.text, "", e.num);
	idset_del(&s->held, id);
	idset_del(&s->frozen, id);
	idset_del(&s->hasten, id);
	for (int c = 0; c < CHANS; c++)
		idset_del(&s->parked[c], id);
}

static bool is_there(const struct sched *s, enum part p, uint64_t id)
{
	struct buf fn = BUF_INIT;

	settled_path(s, p, id, &fn);
	bool r = file_exists(fn.p);

	buf_free(&fn);
	return r;
}

/* A hold whose message is gone: the number may come again. */
static void found_hold(uint64_t id, void *arg)
{
	struct sched *s = arg;

	idset_add(&s->held, id);
	if (!is_there(s, Q_INFO, id) && !is_there(s, Q_TODO, id))
		steered_forget(s, id);
}

void sched_holds(struct sched *s)
{
	steer_holds(found_hold, s);
}

void steered_hasten(struct sched *s)
{
	if (!s->hasten.used)
		return;
	for (int c = 0; c < CHANS; c++)
		prio_hasten(&s->c[c].due, &s->hasten, clock_now());
	prio_hasten(&s->done, &s->hasten, clock_now());
	idset_free(&s->hasten);
}

/* Nothing of this message is begun any more.  True when nothing of it is under way. */
static bool quiet(struct sched *s, uint64_t id)
{
	struct job *j = job_find(s, id);

	if (j && !j->settling) {
		for (size_t i = 0; i < j->rcpts.n; i++)
			if (j->rcpts.p[i].state == WAITING)
				j->rcpts.p[i].state = DEFERRED;
		first_check(s, j);
	}
	for (int c = 0; c < CHANS; c++)
		if (s->c[c].pass.job && s->c[c].pass.job->id == id) {
			s->c[c].pass.job->left++;
			settled_close(s, &s->c[c].pass);
		}
	return !job_find(s, id) && !settled_running(s, id) && !is_there(s, Q_TODO, id);
}

static char hold(struct sched *s, uint64_t id, struct err *e)
{
	if (steer_set_hold(id, true, e) < 0)
		return STEER_FAILED;
	idset_add(&s->held, id);
	quiet(s, id);
	return STEER_DONE;
}

static char release(struct sched *s, uint64_t id, struct err *e)
{
	if (steer_set_hold(id, false, e) < 0)
		return STEER_FAILED;
	idset_del(&s->held, id);
	unpark(s, id);
	return STEER_DONE;
}

static char freeze(struct sched *s, uint64_t id)
{
	idset_add(&s->frozen, id);
	return quiet(s, id) ? STEER_DONE : STEER_WAIT;
}

static void say_removed(struct sched *s, uint64_t id, const char *how)
{
	qlog_say(&s->log, "info", s->program, s->q, "msg %llu removed by order%s", (unsigned long long)id, how);
}

/* A first attempt of which nothing has begun: it ends as if all were delivered, or all had failed. */
static char end_first(struct sched *s, struct job *j, bool bounce)
{
	if (j->settling || j->refs || j->touched)
		return STEER_WAIT;
	say_removed(s, j->id, bounce ? ", bounced" : "");
	for (size_t i = 0; i < j->rcpts.n; i++) {
		struct rcpt *r = &j->rcpts.p[i];

		r->state = bounce ? FAILED : DELIVERED;
		if (bounce) {
			r->report_len = strlen(steer_removed);
			r->report = mem_copy(steer_removed, r->report_len);
		}
	}
	first_check(s, j);
	return STEER_DONE;
}

static char end_settled(struct sched *s, uint64_t id, bool bounce, struct err *e)
{
	if (!quiet(s, id))
		return STEER_WAIT;
	if (bounce) {
		if (steer_fail(&s->lay, &s->rules, id, e) < 0)
			return STEER_FAILED;
		say_removed(s, id, ", bounced");
		prio_add(&s->done, clock_now(), id);
		return STEER_DONE;
	}
	if (steer_strip(&s->lay, id, e) < 0)
		return STEER_FAILED;
	say_removed(s, id, "");
	qlog_end(&s->log, id, s->program, s->q);
	sched_ask_clean(s, "foop", id, false, false);
	return STEER_DONE;
}

static char end_message(struct sched *s, uint64_t id, bool bounce, struct err *e)
{
	struct job *j = job_find(s, id);

	if (j)
		return end_first(s, j, bounce);
	return is_there(s, Q_TODO, id) ? STEER_WAIT : end_settled(s, id, bounce, e);
}

char sched_order(struct sched *s, enum steer_verb v, uint64_t id, struct err *e)
{
	if (!is_there(s, Q_TODO, id) && !is_there(s, Q_INFO, id))
		return STEER_GONE;
	if (s->exiting) {
		err_temp(e, 0, "qmail-send is about to end");
		return STEER_FAILED;
	}
	switch (v) {
	case STEER_HOLD:
		return hold(s, id, e);
	case STEER_RELEASE:
		return release(s, id, e);
	case STEER_RETRY:
		idset_add(&s->hasten, id);
		return STEER_DONE;
	case STEER_FREEZE:
		return freeze(s, id);
	case STEER_THAW:
		idset_del(&s->frozen, id);
		unpark(s, id);
		return STEER_DONE;
	case STEER_TAKE:
		if (!idset_has(&s->frozen, id))
			return STEER_WAIT;
		return end_message(s, id, false, e);
	default:
		return end_message(s, id, v == STEER_BOUNCE, e);
	}
}

/* Who froze them has gone. */
static void thaw_all(struct sched *s)
{
	struct idset was = s->frozen;

	s->frozen = (struct idset){0};
	for (size_t i = 0; i < was.size; i++)
		if (was.slots[i])
			unpark(s, was.slots[i]);
	idset_free(&was);
}

/* ---- the socket ---- */

void steer_listen(struct steer_server *v)
{
	*v = (struct steer_server){.listener = -1, .conn = -1, .in = BUF_INIT, .out = BUF_INIT};
	file_mkdir("steer", 0700);
	v->listener = local_listen("steer/socket", 0600);
	if (v->listener >= 0)
		fd_nonblock(v->listener, true);
}

int steer_poll(const struct steer_server *v, short *events, int *wait)
{
	*events = POLLIN;
	if (v->conn < 0)
		return v->listener;
	if (v->out.n)
		*events = POLLOUT;
	if (*wait > IDLE_MS)
		*wait = IDLE_MS;
	return v->conn;
}

static void hang_up(struct steer_server *v, struct sched *s)
{
	fd_close(v->conn);
	v->conn = -1;
	buf_clear(&v->in);
	buf_clear(&v->out);
	thaw_all(s);
}

static void reply(struct steer_server *v, struct sched *s, struct str line)
{
	enum steer_verb verb;
	struct err e = {0};
	uint64_t id;
	char c = STEER_FAILED;

	if (steer_parse(line, &verb, &id))
		c = sched_order(s, verb, id, &e);
	else
		err_usage(&e, "unknown order");
	buf_addc(&v->out, c);
	if (c == STEER_FAILED)
		buf_adds(&v->out, e.text);
	buf_addc(&v->out, '\n');
}

/* False when the client is gone, or talks nonsense. */
static bool listen_to(struct steer_server *v, struct sched *s)
{
	ssize_t n = fd_read(v->conn, buf_grow(&v->in, BLOCK), BLOCK);
	size_t used = 0, end;

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	buf_advance(&v->in, (size_t)n);
	v->heard = clock_mono_ms();
	for (; used < v->in.n; used += end + 1) {
		struct str rest = str_from(buf_str(&v->in), used);

		end = str_chr(rest, '\n');
		if (end == rest.n)
			break;
		reply(v, s, str_to(rest, end));
	}
	buf_drop(&v->in, used);
	return v->in.n <= LINE_MAX;
}

static bool talk(struct steer_server *v)
{
	ssize_t n = fd_write(v->conn, v->out.p, v->out.n);

	if (n < 0)
		return errno == EAGAIN;
	buf_drop(&v->out, (size_t)n);
	return true;
}

void steer_serve(struct steer_server *v, struct sched *s)
{
	if (v->conn < 0) {
		v->conn = v->listener < 0 ? -1 : local_accept(v->listener);
		if (v->conn < 0)
			return;
		fd_nonblock(v->conn, true);
		v->heard = clock_mono_ms();
	}
	bool good = v->out.n > 0 || listen_to(v, s);

	if (good && v->out.n)
		good = talk(v);
	if (!good)
		hang_up(v, s);
}

void steer_look(struct steer_server *v, struct sched *s)
{
	if (v->conn >= 0 && clock_mono_ms() - v->heard > IDLE_MS)
		hang_up(v, s);
}
