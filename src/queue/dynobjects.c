/* dynobjects - making and removing what qscheduler -d shares with deliveries and submitters; see dynobjects.h.  All goes
 * on without what cannot be had, but without shared memory the number of queues stays. */
#include "queue/dynobjects.h"

#include <errno.h>
#include <string.h>

#include "core/conf/conf.h"
#include "core/sys/ipc.h"

void dynobjects_missing(const struct dynamic *d, const char *what, const char *instead)
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
		dynobjects_missing(d, "no POSIX message queues", "the FIFO announces messages");
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

static void forget(const char *dir, int *fd, int (*remove)(const char *name))
{
	struct buf name = BUF_INIT;

	if (*fd >= 0) {
		figures_name(dir, &name);
		remove(name.p);
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

	dynobjects_missing(d, "no shared memory", "the number of queues stays");
	lock_name(d, &fn);
	forget(fn.p, &d->all, ipc_memory_remove);
	for (long i = 0; i < d->n; i++)
		forget(d->q[i].dir.p, &d->q[i].figures, ipc_memory_remove);
	d->max = d->count;
	buf_free(&fn);
}

int dynobjects_make(struct dynamic *d, long i)
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

void dynobjects_publish(const struct dynamic *d)
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

void dynobjects_make_all(struct dynamic *d)
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
		else if (dynobjects_make(d, i) < 0)
			no_memory(d);
	buf_free(&fn);
}

void dynobjects_remove(struct dynamic *d)
{
	struct buf fn = BUF_INIT;

	lock_name(d, &fn);
	forget(fn.p, &d->all, ipc_memory_remove);
	forget(fn.p, &d->loads, ipc_queue_remove);
	for (long i = 0; i < d->n; i++) {
		forget(d->q[i].dir.p, &d->q[i].figures, ipc_memory_remove);
		forget(d->q[i].dir.p, &d->q[i].wake, ipc_queue_remove);
	}
	buf_free(&fn);
}
