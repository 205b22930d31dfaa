/* partners - bytes between the scheduler and those it works with; see partners.h. */
#include "queue/partners.h"

#include <errno.h>
#include <string.h>

#include "queue/preprocess.h"
#include "queue/qlog.h"
#include "queue/records.h"
#include "queue/spawners.h"

static const struct sender *how;
static struct sched *s;
static struct spawners spawners = {.out = {1, 3}, .in = {2, 4}};
static struct buf records = BUF_INIT;	/* bytes from todo-proc not yet understood */
static struct buf wishes = BUF_INIT;	/* its names for clean, relayed */
static bool lost;

static void lose(const char *who)
{
	if (lost)
		return;
	qlog_say(&s->log, "alert", s->program, s->q, "oh no! lost %s connection! dying...", who);
	lost = true;
	sched_stop(s);
}

bool partners_lost(void)
{
	return lost;
}

/* Bytes to append to b; false when the partner is gone. */
static bool receive(int fd, struct buf *b)
{
	char *p = buf_grow(b, 16384);
	ssize_t n = fd_read(fd, p, 16384);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return false;
	buf_advance(b, (size_t)n);
	return true;
}

static void take_answers(void)
{
	static struct buf answers = BUF_INIT;

	buf_clear(&answers);
	if (!receive(how->clean.in, &answers))
		lose("qmail-clean");
	for (size_t i = 0; i < answers.n; i++)
		sched_cleaned(s, answers.p[i]);
}

static void take_wishes(void)
{
	if (lost)	/* clean may owe answers to what it was never asked */
		return;
	int r = receive(how->clean.wish_in, &wishes) ? removal_wishes(&how->clean, s, &wishes) : 1;

	if (r)
		lose(r < 0 ? "qmail-clean" : "todo-proc");
}

static void take_reports(int chan)
{
	if (!receive(spawners.in[chan], &s->c[chan].in)) {
		s->c[chan].dead = true;
		lose("spawn");
	}
	sched_reports(s, chan);
}

/* Write what fits; a partner that does not take it is lost. */
static void push(int fd, struct buf *b, const char *who)
{
	while (b->n) {
		ssize_t n = fd_write(fd, b->p, b->n);

		if (n < 0) {
			if (errno == EAGAIN)
				return;
			buf_clear(b);
			lose(who);
			return;
		}
		buf_drop(b, (size_t)n);
	}
}

void partners_order(void)
{
	if (how->todo_out >= 0) {
		push(how->todo_out, &s->todo, "todo-proc");
	} else if (s->todo.n) {
		preprocess_orders(buf_str(&s->todo));
		buf_clear(&s->todo);
	}
}

/* What the preprocessor in this process has to say. */
static void preprocess(bool pulled)
{
	struct buf *out = preprocess_records();

	if (preprocess_turn(pulled, false) < 0)
		lose("qmail-clean");
	buf_add(&records, buf_str(out));
	buf_clear(out);
	records_take(s, &records);
}

static void take_all(const struct pollfd *p)
{
	if (p[0].revents)
		take_reports(CHAN_LOCAL);
	if (p[1].revents)
		take_reports(CHAN_REMOTE);
	if (p[2].revents)
		take_answers();
	if (p[3].revents && how->todo_in >= 0 && !receive(how->todo_in, &records))
		lose("todo-proc");
	records_take(s, &records);
	if (p[8].revents)
		take_wishes();
}

void partners_take(const struct pollfd *p)
{
	if (p)
		take_all(p);
	if (how->todo_in < 0)
		preprocess(p && p[3].revents);
}

void partners_give(void)
{
	spawners_look(&spawners, s);
	for (int c = 0; c < CHANS; c++)
		if (spawners.out[c] >= 0)
			push(spawners.out[c], &s->c[c].out, "spawn");
	if (how->clean.here)
		removal_here(&how->clean, s);
	else
		push(how->clean.out, &s->clean, "qmail-clean");
	partners_order();
}

void partners_poll(struct pollfd p[PARTNERS_FDS])
{
	int todo = how->todo_in >= 0 ? how->todo_in : preprocess_fd();
	const struct pollfd all[PARTNERS_FDS] = {
		{spawners.in[CHAN_LOCAL], POLLIN, 0}, {spawners.in[CHAN_REMOTE], POLLIN, 0},
		{how->clean.in, POLLIN, 0}, {todo, POLLIN, 0},
		{s->c[CHAN_LOCAL].out.n ? spawners.out[CHAN_LOCAL] : -1, POLLOUT, 0},
		{s->c[CHAN_REMOTE].out.n ? spawners.out[CHAN_REMOTE] : -1, POLLOUT, 0},
		{s->clean.n ? how->clean.out : -1, POLLOUT, 0}, {s->todo.n ? how->todo_out : -1, POLLOUT, 0},
		{how->clean.wish_in, POLLIN, 0},
	};

	memcpy(p, all, sizeof all);
}

int partners_wait(int wait)
{
	if (how->todo_in < 0) {
		int plan = preprocess_plan();

		if (plan < wait)
			wait = plan;
	}
	return spawners_active(&spawners, s) && wait > 1000 ? 1000 : wait;
}

static bool delivering(int chan)
{
	return s->c[chan].used && spawners.out[chan] >= 0;
}

bool partners_delivering(void)
{
	return delivering(CHAN_LOCAL) || delivering(CHAN_REMOTE);
}

bool partners_quiet(void)
{
	/* a bounce may just have pulled the trigger */
	return fd_wait(preprocess_fd(), POLLIN, 0) != 1 && !records.n && preprocess_idle();
}

bool partners_open(const struct sender *h, struct sched *sched)
{
	how = h;
	s = sched;
	spawners.start = how->spawn;
	for (int c = 0; how->pipes && c < CHANS; c++) {
		spawners.out[c] = how->pipes[2 * c];
		spawners.in[c] = how->pipes[2 * c + 1];
	}
	if (!spawners_open(&spawners, s))
		return false;
	fd_nonblock(how->clean.out, true);
	fd_nonblock(how->clean.in, true);
	fd_nonblock(how->todo_out, true);
	fd_nonblock(how->todo_in, true);
	fd_nonblock(how->clean.wish_in, true);
	return true;
}

static int clean_now(struct str names, char *answers, size_t n, void *arg)
{
	(void)arg;
	return lost ? -1 : removal_now(&how->clean, s, names, answers, n);
}

int partners_begin(void)
{
	static struct preprocess p = {.mode = "", .clean = clean_now};

	if (how->todo_out >= 0) {
		if (fd_write_all(how->todo_out, "CJ", 2) >= 0)
			return 0;
		qlog_say(&s->log, "alert", s->program, s->q, "cannot start: lost todo-proc connection");
		return -1;
	}
	p.adopt = how->adopt;
	p.files = how->files;
	p.program = s->program;
	p.q = s->q;
	int r = preprocess_open(&p);

	preprocess_orders(STR("J"));
	buf_add(&records, buf_str(preprocess_records()));
	buf_clear(preprocess_records());
	records_take(s, &records);
	return r;
}

void partners_end(void)
{
	buf_addc(&s->todo, 'X');
	if (how->todo_in < 0) {
		partners_order();
		preprocess(false);
		preprocess_close();
		return;
	}
	fd_nonblock(how->todo_out, false);
	fd_nonblock(how->todo_in, false);
	if (fd_write_all(how->todo_out, s->todo.p, s->todo.n) < 0)
		return;
	/* a last message to settle may need clean, and todo-proc has none but ours */
	int wish = how->clean.wish_in;

	for (bool there = true; there && !lost; ) {
		struct pollfd p[] = {{how->todo_in, POLLIN, 0}, {wish, POLLIN, 0}};

		if (fd_poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents && !receive(wish, &wishes))
			wish = -1;
		if (removal_wishes(&how->clean, s, &wishes) < 0)
			lose("qmail-clean");
		if (p[0].revents) {
			there = receive(how->todo_in, &records);
			records_take(s, &records);
		}
	}
}
