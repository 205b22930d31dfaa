/* view - messages of a queue, one after another; see view.h. */
#include "queue/view.h"

#include "queue/loose.h"

#include <errno.h>

#include "core/base/json.h"
#include "core/base/num.h"
#include "core/sys/file.h"
#include "queue/scan.h"
#include "queue/steer.h"

enum { FILE_MAX = 1 << 30 };

const char *const view_states[VIEW_STATES] = {"new", "waiting", "held", "bouncing", "done"};

static const char *path(const struct layout *l, enum part p, uint64_t id, struct buf *fn)
{
	buf_clear(fn);
	layout_path(l, p, id, fn);
	return fn->p;
}

void view_free(struct view *v)
{
	envelope_free(&v->env);
	vec_free(&v->rcpts);
	buf_free(&v->local);
	buf_free(&v->remote);
}

/* What can be told without opening anything. */
static bool maybe(const struct choice *c, const char *queue, const struct view *v, time_t now)
{
	long age = now > v->birth ? (long)(now - v->birth) : 0;
	bool wanted = !c->ids.n;

	for (size_t i = 0; i < c->ids.n && !wanted; i++)
		wanted = choice_names(&c->ids.p[i], str_z(queue), v->id);
	return wanted && (!c->queue || choice_like(str_z(queue), c->queue)) && (c->older < 0 || age >= c->older) &&
		(c->newer < 0 || age <= c->newer) && (c->larger < 0 || (long long)v->bytes >= c->larger) &&
		(c->smaller < 0 || (long long)v->bytes <= c->smaller);
}

static struct str host_of(struct str addr)
{
	return str_from(addr, str_rchr(addr, '@') + 1);
}

static bool chosen(const struct choice *c, const struct view *v)
{
	bool rcpt = !c->recipient, host = !c->host;

	if (c->state >= 0 && (int)v->state != c->state)
		return false;
	if (c->sender && !(v->env.sender.n ? choice_like(v->env.sender, c->sender) :
		!*c->sender || choice_like(STR("<>"), c->sender)))
		return false;
	for (size_t i = 0; i < v->rcpts.n && !(rcpt && host); i++) {
		struct str addr = v->rcpts.p[i].addr;

		if (v->rcpts.p[i].done)
			continue;
		rcpt = rcpt || choice_like(addr, c->recipient);
		host = host || choice_like(host_of(addr), c->host);
	}
	return rcpt && host;
}

static void add_rcpts(struct view *v, char channel, struct str text)
{
	off_t at = 0;
	struct str addr;
	int letter;

	while ((letter = envelope_next(&text, &addr)) > 0) {
		struct view_rcpt r = {addr, channel, letter == 'D', at};

		if (letter == 'T' || letter == 'D')
			vec_push(&v->rcpts, r);
		at += (off_t)addr.n + 2;
	}
}

static int read_channel(const struct layout *l, enum part p, uint64_t id, struct buf *text, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = file_slurp(path(l, p, id, &fn), text, FILE_MAX) == 0 || errno == ENOENT ? 0 :
		err_temp(e, errno, "unable to read %s", fn.p);

	buf_free(&fn);
	return r;
}

static int read_rcpts(const struct layout *l, struct view *v, struct err *e)
{
	if (v->state == VIEW_NEW) {
		for (size_t i = 0; i < v->env.rcpts.n; i++) {
			struct view_rcpt r = {v->env.rcpts.p[i], 'N', false, 0};

			vec_push(&v->rcpts, r);
		}
		return 0;
	}
	if (read_channel(l, Q_LOCAL, v->id, &v->local, e) < 0 ||
		read_channel(l, Q_REMOTE, v->id, &v->remote, e) < 0)
		return -1;
	add_rcpts(v, 'L', buf_str(&v->local));
	add_rcpts(v, 'R', buf_str(&v->remote));
	return 0;
}

static void find_state(struct view *v)
{
	struct buf fn = BUF_INIT;
	bool left = v->state == VIEW_NEW;

	for (size_t i = 0; i < v->rcpts.n && !left; i++)
		left = !v->rcpts.p[i].done;
	buf_fmt(&fn, "bounce/%llu", (unsigned long long)v->id);
	if (steer_is_held(v->id))
		v->state = VIEW_HELD;
	else if (v->state != VIEW_NEW && file_exists(fn.p))
		v->state = VIEW_BOUNCING;
	else if (!left)
		v->state = VIEW_DONE;
	buf_free(&fn);
}

/* The message's file in todo or info was found. */
static int load(const struct layout *l, const char *queue, enum part base, uint64_t id, time_t birth,
	const struct choice *c, time_t now, struct view *v, struct err *e)
{
	struct buf fn = BUF_INIT;
	struct stat st;
	int r = 0;

	*v = (struct view){.queue = queue, .id = id, .birth = birth, .local = BUF_INIT, .remote = BUF_INIT,
		.state = base == Q_TODO ? VIEW_NEW : VIEW_WAITING};
	if (file_stat(path(l, Q_MESS, id, &fn), &st) == 0)
		v->bytes = (uint64_t)st.st_size;
	if (!maybe(c, queue, v, now))
		goto out;
	if (envelope_read(path(l, base, id, &fn), &v->env, e) < 0) {
		r = e->num == ENOENT ? 0 : e->num ? -1 : err_perm(e, 0, "%s is damaged", fn.p);
		goto out;
	}
	r = read_rcpts(l, v, e);
	if (r == 0) {
		find_state(v);
		r = chosen(c, v);
	}
out:
	if (r != 1)
		view_free(v);
	buf_free(&fn);
	return r;
}

int view_load(const struct layout *l, const char *queue, uint64_t id, const struct choice *c, time_t now,
	struct view *v, struct err *e)
{
	struct buf fn = BUF_INIT;
	struct stat st;
	int r = 0;

	loose_file(".", id, NULL);
	/* info of a message that is in todo is a beginning only */
	if (file_stat(path(l, Q_TODO, id, &fn), &st) == 0)
		r = load(l, queue, Q_TODO, id, st.st_mtime, c, now, v, e);
	else if (file_stat(path(l, Q_INFO, id, &fn), &st) == 0)
		r = load(l, queue, Q_INFO, id, st.st_mtime, c, now, v, e);
	buf_free(&fn);
	return r;
}

struct walk {
	const struct layout *l;
	const char *queue;
	const struct choice *c;
	time_t now;
	enum part base;
	int (*each)(const struct view *v, void *arg);
	void (*odd)(const struct err *e);
	void *arg;
};

static int found(const struct queue_file *f, void *arg)
{
	const struct walk *w = arg;
	struct buf fn = BUF_INIT;
	struct err e = {0};
	struct view v;

	if (!f->id)
		return 0;
	bool early = w->base == Q_INFO && file_exists(path(w->l, Q_TODO, f->id, &fn));

	buf_free(&fn);
	if (early)
		return 0;
	int r = load(w->l, w->queue, w->base, f->id, f->st->st_mtime, w->c, w->now, &v, &e);

	if (r < 0)
		w->odd(&e);
	if (r <= 0)
		return 0;
	r = w->each(&v, w->arg);
	view_free(&v);
	return r;
}

int view_walk(const struct layout *l, const char *queue, const struct choice *c, time_t now,
	int (*each)(const struct view *v, void *arg), void (*odd)(const struct err *e), void *arg, struct err *e)
{
	struct walk w = {l, queue, c, now, Q_INFO, each, odd, arg};
	struct err bad = {0};
	struct view v;
	int r = 0;

	if (c->queue && !choice_like(str_z(queue), c->queue))
		return 0;
	for (size_t i = 0; i < c->ids.n && r == 0; i++) {
		const struct choice_id *n = &c->ids.p[i];
		int got = choice_names(n, str_z(queue), n->id) ? view_load(l, queue, n->id, c, now, &v, &bad) : 0;

		if (got < 0)
			odd(&bad);
		if (got == 1) {
			r = each(&v, arg);
			view_free(&v);
		}
	}
	if (c->ids.n)
		return r;
	r = queue_scan(".", Q_INFO, found, &w, e);
	w.base = Q_TODO;
	return r ? r : queue_scan(".", Q_TODO, found, &w, e);
}

/* ---- showing ---- */

static const char *channel_name(char c)
{
	return c == 'L' ? "local" : c == 'R' ? "remote" : "new";
}

/* Nothing from outside may steer a terminal. */
static void safe(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(b, (unsigned char)s.p[i] < 32 || s.p[i] == 127 ? '_' : s.p[i]);
}

void view_age(long seconds, struct buf *b)
{
	static const struct {
		long unit;
		char name;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	/* two of a unit at least: 90m tells more than 1h */
	while (i < 3 && seconds < 2 * units[i].unit)
		i++;
	buf_fmt(b, "%ld%c", seconds / units[i].unit, units[i].name);
}

static long age_of(const struct view *v, time_t now)
{
	return now > v->birth ? (long)(now - v->birth) : 0;
}

void view_line(const struct view *v, time_t now, struct buf *b)
{
	const struct view_rcpt *first = NULL;
	size_t left = 0;

	for (size_t i = 0; i < v->rcpts.n; i++)
		if (!v->rcpts.p[i].done && left++ == 0)
			first = &v->rcpts.p[i];
	buf_fmt(b, "%s/%llu %s ", v->queue, (unsigned long long)v->id, view_states[v->state]);
	view_age(age_of(v, now), b);
	buf_fmt(b, " %llu <", (unsigned long long)v->bytes);
	safe(b, v->env.sender);
	buf_addc(b, '>');
	if (first) {
		buf_addc(b, ' ');
		safe(b, first->addr);
	}
	if (left > 1)
		buf_fmt(b, " +%zu", left - 1);
	buf_addc(b, '\n');
}

void view_rcpts(const struct view *v, struct buf *b)
{
	for (size_t i = 0; i < v->rcpts.n; i++) {
		buf_fmt(b, "%s\t%s\t", v->rcpts.p[i].done ? "done" : "left", channel_name(v->rcpts.p[i].channel));
		safe(b, v->rcpts.p[i].addr);
		buf_addc(b, '\n');
	}
}

void view_json(const struct view *v, time_t now, struct buf *out)
{
	struct buf b = BUF_INIT;

	buf_addc(&b, '{');
	json_pair(&b, "queue", str_z(v->queue));
	json_number(&b, "id", (long long)v->id);
	json_pair(&b, "state", str_z(view_states[v->state]));
	json_number(&b, "birth", (long long)v->birth);
	json_number(&b, "age", age_of(v, now));
	json_number(&b, "bytes", (long long)v->bytes);
	json_pair(&b, "sender", v->env.sender);
	json_key(&b, "recipients");
	buf_addc(&b, '[');
	for (size_t i = 0; i < v->rcpts.n; i++) {
		json_item(&b);
		buf_addc(&b, '{');
		json_pair(&b, "address", v->rcpts.p[i].addr);
		json_pair(&b, "channel", str_z(channel_name(v->rcpts.p[i].channel)));
		json_bool(&b, "done", v->rcpts.p[i].done);
		buf_addc(&b, '}');
	}
	buf_adds(&b, "]}\n");
	buf_add(out, buf_str(&b));
	buf_free(&b);
}
