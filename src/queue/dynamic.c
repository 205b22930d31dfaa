/* dynamic - the number of queues follows the load; see dynamic.h.  Its objects are made and removed in dynobjects.c. */
#include "queue/dynamic.h"

#include <errno.h>
#include <stddef.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "core/sys/ipc.h"
#include "queue/dynobjects.h"
#include "queue/scan.h"
#include "queue/trigger.h"

enum {
	MEASURE_MS = 1000,
	BUSY_TIMES = 2,		/* measurements with too much load before a queue is added */
	QUIET_MS = 60000,	/* how long the load must have been small before the last queue is given up */
	TOLD_MS = 10000,	/* how long a load we are told outweighs what we measure */
};

/* ---- queues ----------------------------------------------------------------------------------- */

static int found_one(const struct queue_file *f, void *arg)
{
	(void)f;
	(void)arg;
	return 1;
}

/* Nobody's mail is there, and nobody is writing any. */
static bool is_empty(const struct dyn_queue *q)
{
	return queue_scan(q->dir.p, Q_MESS, found_one, NULL, NULL) == 0;
}

/* Messages that have been announced while nobody listened; true when there were any. */
static bool drain(struct dyn_queue *q)
{
	char block[512];
	uint64_t id;
	bool any = false;

	while (q->wake >= 0 && trigger_queue_take(q->wake, &id) == 1)
		any = true;
	while (q->fifo >= 0 && fd_read(q->fifo, block, sizeof block) > 0)
		any = true;
	return any;
}

/* Before a queue ends: from here on its FIFO keeps what is written to it. */
static void listen_to(struct dyn_queue *q)
{
	struct trigger t;

	if (q->fifo < 0 && trigger_open(&t, q->dir.p) == 0)
		q->fifo = t.fd;
}

static void wake_up(struct dyn_queue *q)
{
	q->state = DYN_LEAVE;
	fd_close(q->fifo);
	q->fifo = -1;
}

/* Its process has ended.  What was announced before this moment is in mess now. */
static void has_ended(struct dyn_queue *q)
{
	drain(q);
	if (is_empty(q))
		q->state = DYN_REST;
	else
		wake_up(q);
}

static bool idle(const struct dyn_queue *q)
{
	struct figures f;

	return q->figures < 0 || fd_read_at(q->figures, &f, sizeof f, 0) != (ssize_t)sizeof f ||
		(f.used[0] <= 0 && f.used[1] <= 0);
}

/* One step on the way out, or back. */
static void step(struct dynamic *d, long i)
{
	struct dyn_queue *q = &d->q[i];

	if (q->state == DYN_REST && q->there && drain(q))
		wake_up(q);
	if (q->state == DYN_LEAVE && i >= d->count && idle(q) && is_empty(q)) {
		listen_to(q);
		q->state = DYN_END;
	}
}

/* ---- beginning and end ------------------------------------------------------------------------ */

static int settings(struct dynamic *d, struct err *e)
{
	long count;

	if (conf_int(CONF_QUEUE_START, &d->start, e) < 0 || conf_int(CONF_QUEUE_COUNT, &d->floor, e) < 0 ||
		conf_int(CONF_QUEUE_MAX, &d->max, e) < 0 || conf_int(CONF_QUEUE_LOAD, &d->percent, e) < 0)
		return -1;
	if (d->floor < 1 || d->floor > FIGURES_QUEUES_MAX)
		return err_temp(e, 0, "QUEUE_COUNT is %ld, must be 1 to %d", d->floor, FIGURES_QUEUES_MAX);
	if (d->max < 1 || d->max > FIGURES_QUEUES_MAX)
		return err_temp(e, 0, "QUEUE_MAX is %ld, must be 1 to %d", d->max, FIGURES_QUEUES_MAX);
	if (d->max < d->floor)
		d->max = d->floor;
	if (conf_int(CONF_QCOUNT, &count, e) < 0)
		return -1;
	d->count = count < d->floor ? d->floor : count > d->max ? d->max : count;
	return 0;
}

static void slot(struct dynamic *d, long i)
{
	struct dyn_queue *q = &d->q[i];

	*q = (struct dyn_queue){.figures = -1, .wake = -1, .fifo = -1, .disabled = -1, .dir = BUF_INIT};
	buf_fmt(&q->dir, "%s/queue%ld", d->base, d->start + i);
	q->there = file_exists(q->dir.p);
}

static void count_there(struct dynamic *d)
{
	while (d->conf < d->n && d->q[d->conf].there)
		d->conf++;
}

/* Every queue there is, and every one there may be. */
static void find_queues(struct dynamic *d)
{
	d->q = mem_alloc(FIGURES_QUEUES_MAX * sizeof *d->q);
	for (d->n = 0; d->n < FIGURES_QUEUES_MAX; d->n++) {
		slot(d, d->n);
		if (d->n >= d->max && !d->q[d->n].there)
			break;
	}
	if (d->n < FIGURES_QUEUES_MAX)
		buf_free(&d->q[d->n].dir);
	count_there(d);
	d->fds = mem_alloc((2 * (size_t)d->n + 1) * sizeof *d->fds);
}

static void first_state(struct dynamic *d, long i)
{
	struct dyn_queue *q = &d->q[i];

	if (i < d->count) {
		q->state = DYN_RUN;
		q->there = d->make(q->dir.p) == 0 || q->there;
	} else if (q->there) {
		listen_to(q);
		has_ended(q);
	}
}

int dynamic_open(struct dynamic *d, struct err *e)
{
	d->all = d->loads = -1;
	if (settings(d, e) < 0)
		return -1;
	find_queues(d);
	while (!d->keep && d->count > d->floor && (!d->q[d->count - 1].there || is_empty(&d->q[d->count - 1])))
		d->count--;
	/* a queue that was in use once may hold mail, whatever is said now */
	for (long i = 0; i < d->n; i++)
		first_state(d, i);
	count_there(d);
	dynobjects_make_all(d);
	dynobjects_publish(d);
	d->quiet_since = d->measured = clock_mono_ms();
	return 0;
}

void dynamic_close(struct dynamic *d)
{
	dynobjects_remove(d);
	for (long i = 0; i < d->n; i++) {
		fd_close(d->q[i].fifo);
		buf_free(&d->q[i].dir);
	}
	mem_free(d->q);
	mem_free(d->fds);
}

/* ---- more and fewer --------------------------------------------------------------------------- */

/* Loads from qmonitor and setqload; true when any came. */
static bool take_loads(struct dynamic *d, long long now)
{
	struct figures_load m;
	ssize_t n;
	bool any = false;

	while (d->loads >= 0 && (n = ipc_queue_take(d->loads, &m, sizeof m)) >= 0) {
		long i = (long)m.number - d->start;

		if (n != (ssize_t)sizeof m || i < 0 || i >= d->n)
			continue;
		d->q[i].told = m.load < 200 ? m.load : 200;
		d->q[i].told_until = now + TOLD_MS;
		any = true;
	}
	return any;
}

static unsigned long load_now(const struct dynamic *d, long i, long long now)
{
	const struct dyn_queue *q = &d->q[i];
	struct figures f;

	if (q->told_until > now)
		return q->told;
	return q->figures >= 0 && fd_read_at(q->figures, &f, sizeof f, 0) == (ssize_t)sizeof f ? figures_load(&f) : 0;
}

static void remember(struct dynamic *d)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	struct err e = {0};

	control_path(conf_rows[CONF_QCOUNT].file, &fn);
	buf_fmt(&text, "%ld\n", d->count);
	if (file_replace(fn.p, buf_str(&text), 0644, &e) < 0 && !d->forgetful) {
		errno = e.num;
		dynobjects_missing(d, e.text, "the number of queues is not remembered");
		d->forgetful = true;
	}
	buf_free(&fn);
	buf_free(&text);
}

/* Not again before ERROR_INTERVAL seconds have passed. */
static void put_off(struct dynamic *d)
{
	long seconds = 5;

	conf_int(CONF_ERROR_INTERVAL, &seconds, NULL);
	d->grow_at = clock_mono_ms() + (seconds > 0 ? seconds : 0) * 1000;
}

/* One more queue. */
static void grow(struct dynamic *d)
{
	struct dyn_queue *q = &d->q[d->count];

	if (d->make(q->dir.p) < 0) {
		put_off(d);
		return;
	}
	q->there = true;
	if (dynobjects_make(d, d->count) < 0) {
		dynobjects_missing(d, "no shared memory for another queue", "their number stays for now");
		put_off(d);
		return;
	}
	fd_close(q->fifo);
	q->fifo = -1;
	q->state = DYN_RUN;
	d->count++;
	count_there(d);
	dynobjects_publish(d);
	remember(d);
}

/* The last queue gets no new messages; it ends when the last submission to it has. */
static void shrink(struct dynamic *d)
{
	d->count--;
	d->q[d->count].state = DYN_LEAVE;
	dynobjects_publish(d);
}

/* Give up empty queues at the end of the row, as long as the others can bear the load. */
static void fewer(struct dynamic *d, unsigned long total)
{
	long before = d->count;

	while (d->count > d->floor && total <= 2UL * (unsigned long)((d->count - 1) * d->percent) &&
		d->q[d->count - 1].state == DYN_RUN && idle(&d->q[d->count - 1]) && is_empty(&d->q[d->count - 1]))
		shrink(d);
	if (d->count != before)
		remember(d);
}

/* Look at the load; true: one more queue is wanted.  What we are told is acted upon at once, what we see only
 * when it lasts. */
static bool decide(struct dynamic *d, bool told, long long now)
{
	unsigned long total = 0;

	for (long i = 0; i < d->count; i++)
		total += load_now(d, i, now);
	d->total = total;
	if (total > 2UL * (unsigned long)(d->count * d->percent)) {
		d->busy++;
		d->quiet_since = now;
		return (told || d->busy >= BUSY_TIMES) && d->count < d->max && now >= d->grow_at;
	}
	d->busy = 0;
	if (d->count == d->floor || !idle(&d->q[d->count - 1]))
		d->quiet_since = now;
	if (told || now - d->quiet_since >= QUIET_MS) {
		d->quiet_since = now;
		fewer(d, total);
	}
	return false;
}

static void add_fd(struct dynamic *d, int fd)
{
	if (fd >= 0)
		d->fds[d->nfds++] = (struct pollfd){fd, POLLIN, 0};
}

void dynamic_look(struct dynamic *d)
{
	long long now = clock_mono_ms();
	bool told = take_loads(d, now);

	for (long i = 0; i < d->n; i++)
		step(d, i);
	if (told || now - d->measured >= MEASURE_MS) {
		d->measured = now;
		if (decide(d, told, now))
			grow(d);
	}
}

void dynamic_listen(struct dynamic *d)
{
	d->nfds = 0;
	add_fd(d, d->loads);
	for (long i = 0; i < d->n; i++) {
		if (d->q[i].state != DYN_REST)
			continue;
		add_fd(d, d->q[i].wake);
		add_fd(d, d->q[i].fifo);
	}
}

void dynamic_running(struct dynamic *d, long i, bool yes)
{
	struct dyn_queue *q = &d->q[i];
	int32_t disabled = q->state != DYN_RUN || !yes;

	if (q->state == DYN_END && !yes)
		has_ended(q);
	if (q->figures < 0 || q->disabled == disabled)
		return;
	(void)!fd_write_at(q->figures, &disabled, sizeof disabled, offsetof(struct figures, disabled));
	q->disabled = disabled;
}
