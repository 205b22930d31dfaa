/* dynamic - the number of queues follows the load; see dynamic.h. */
#include "queue/dynamic.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "core/sys/ipc.h"
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

/* ---- objects ---------------------------------------------------------------------------------- */

static void complain(const struct dynamic *d, const char *what, const char *instead)
{
	struct buf text = BUF_INIT;

	buf_fmt(&text, "%s: %s; %s", what, strerror(errno), instead);
	d->warn(text.p);
	buf_free(&text);
}

/* A message queue; of those that cannot be had only the first is mentioned. */
static int make_queue(struct dynamic *d, const char *dir, const struct ipc_owner *o)
{
	struct buf name = BUF_INIT;
	long len = 10, size = 81920;

	conf_int(CONF_MSGQUEUELEN, &len, NULL);
	conf_int(CONF_MSGQUEUESIZE, &size, NULL);
	figures_name(dir, &name);
	int fd = ipc_queue_create(name.p, &len, &size, o);

	if (fd >= 0 && !d->len) {
		d->len = len;
		d->size = size;
	}
	if (fd < 0 && !d->silent) {
		complain(d, "no POSIX message queues", "the FIFO announces messages");
		d->silent = true;
	}
	buf_free(&name);
	return fd;
}

static int make_memory(const char *dir, size_t size, const struct ipc_owner *o)
{
	struct buf name = BUF_INIT;

	figures_name(dir, &name);
	int fd = ipc_memory_create(name.p, size, o);

	buf_free(&name);
	return fd;
}

static void forget_memory(const char *dir, int *fd)
{
	struct buf name = BUF_INIT;

	if (*fd >= 0) {
		figures_name(dir, &name);
		ipc_memory_remove(name.p);
	}
	fd_close(*fd);
	*fd = -1;
	buf_free(&name);
}

static void forget_queue(const char *dir, int *fd)
{
	struct buf name = BUF_INIT;

	if (*fd >= 0) {
		figures_name(dir, &name);
		ipc_queue_remove(name.p);
	}
	fd_close(*fd);
	*fd = -1;
	buf_free(&name);
}

static void lock_name(const struct dynamic *d, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "%s/qscheduler", d->base);
}

/* Without shared memory nobody would know of a new queue: their number stays. */
static void no_memory(struct dynamic *d)
{
	struct buf fn = BUF_INIT;

	complain(d, "no shared memory", "the number of queues stays");
	lock_name(d, &fn);
	forget_memory(fn.p, &d->all);
	for (long i = 0; i < d->n; i++)
		forget_memory(d->q[i].dir.p, &d->q[i].figures);
	d->max = d->count;
	buf_free(&fn);
}

/* The objects of queue i; -1: it could not be given its memory. */
static int make_objects(struct dynamic *d, long i)
{
	struct dyn_queue *q = &d->q[i];
	struct ipc_owner wake = {0640, d->owners.change, d->owners.queue, d->owners.group},
		memory = {0644, d->owners.change, d->owners.send, d->owners.group};

	if (q->wake < 0)
		q->wake = make_queue(d, q->dir.p, &wake);
	if (q->figures < 0 && d->all >= 0)
		q->figures = make_memory(q->dir.p, sizeof(struct figures), &memory);
	return q->figures < 0 && d->all >= 0 ? -1 : 0;
}

static void publish(const struct dynamic *d)
{
	struct figures_all f = {(int32_t)d->count, (int32_t)d->conf};

	if (d->all >= 0)
		(void)!fd_write_at(d->all, &f, sizeof f, 0);
}

/* What a predecessor that was killed has left of a queue that is gone. */
static void remove_stale(const struct dyn_queue *q)
{
	struct buf name = BUF_INIT;

	figures_name(q->dir.p, &name);
	ipc_memory_remove(name.p);
	ipc_queue_remove(name.p);
	buf_free(&name);
}

static void make_all(struct dynamic *d)
{
	struct ipc_owner memory = {.mode = 0644}, loads = {.mode = 0600};
	struct buf fn = BUF_INIT;

	lock_name(d, &fn);
	d->all = make_memory(fn.p, sizeof(struct figures_all), &memory);
	d->loads = make_queue(d, fn.p, &loads);
	if (d->all < 0)
		no_memory(d);
	for (long i = 0; i < d->n; i++)
		if (!d->q[i].there)
			remove_stale(&d->q[i]);
		else if (make_objects(d, i) < 0)
			no_memory(d);
	buf_free(&fn);
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
	make_all(d);
	publish(d);
	d->quiet_since = d->measured = clock_mono_ms();
	return 0;
}

void dynamic_close(struct dynamic *d)
{
	struct buf fn = BUF_INIT;

	lock_name(d, &fn);
	forget_memory(fn.p, &d->all);
	forget_queue(fn.p, &d->loads);
	for (long i = 0; i < d->n; i++) {
		struct dyn_queue *q = &d->q[i];

		forget_memory(q->dir.p, &q->figures);
		forget_queue(q->dir.p, &q->wake);
		fd_close(q->fifo);
		buf_free(&q->dir);
	}
	mem_free(d->q);
	mem_free(d->fds);
	buf_free(&fn);
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
		complain(d, e.text, "the number of queues is not remembered");
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
	if (make_objects(d, d->count) < 0) {
		complain(d, "no shared memory for another queue", "their number stays for now");
		put_off(d);
		return;
	}
	fd_close(q->fifo);
	q->fifo = -1;
	q->state = DYN_RUN;
	d->count++;
	count_there(d);
	publish(d);
	remember(d);
}

/* The last queue gets no new messages; it ends when the last submission to it has. */
static void shrink(struct dynamic *d)
{
	d->count--;
	d->q[d->count].state = DYN_LEAVE;
	publish(d);
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
