/* figures - load of the queues in shared memory; see figures.h. */
#include "queue/figures.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/ipc.h"
#include "core/sys/proc.h"
#include "queue/layout.h"

/* The directory of the collection dir lies in. */
static void parent(const char *dir, struct buf *b)
{
	const char *slash = strrchr(dir, '/');

	if (slash)
		buf_set(b, str_make(dir, slash == dir ? 1 : (size_t)(slash - dir)));
	else
		buf_set(b, STR("."));
}

void figures_name(const char *dir, struct buf *name)
{
	struct buf base = BUF_INIT;
	struct stat here, home;

	parent(dir, &base);
	buf_set(name, STR("/"));
	bool known = file_stat(base.p, &here) == 0;
	bool plain = known && file_stat(conf_rows[CONF_QUEUE_BASE].dflt, &home) == 0 && here.st_dev == home.st_dev &&
		here.st_ino == home.st_ino;

	if (!known)
		buf_clear(name);	/* no object has this name */
	else if (!plain)
		buf_fmt(name, "indimail.%llx.%llx.", (unsigned long long)here.st_dev, (unsigned long long)here.st_ino);
	if (known)
		buf_adds(name, layout_qname(dir));
	buf_free(&base);
}

/* Does the object belong to root or whoever owns the file that vouches for it? */
static bool believed(int fd, const char *file)
{
	struct stat object, st;

	if (file_stat(file, &st) < 0 || file_fstat(fd, &object) < 0)
		return false;
	if (object.st_uid == 0 || object.st_uid == st.st_uid)
		return true;
	errno = EPERM;
	return false;
}

/* The n bytes of the object of dir, vouched for by dir with suffix. */
static int read_object(const char *dir, const char *suffix, void *p, size_t n)
{
	struct buf b = BUF_INIT;
	int r = -1;

	figures_name(dir, &b);
	int fd = ipc_memory_open(b.p, O_RDONLY);

	if (fd >= 0) {
		buf_clear(&b);
		buf_fmt(&b, "%s%s", dir, suffix);
		if (believed(fd, b.p))
			r = fd_read_at(fd, p, n, 0) == (ssize_t)n ? 0 : -1;
		int keep = errno;

		fd_close(fd);
		errno = keep;
	}
	buf_free(&b);
	return r;
}

int figures_read_all(const char *base, struct figures_all *f)
{
	struct buf dir = BUF_INIT;

	buf_fmt(&dir, "%s/qscheduler", base);
	int r = read_object(dir.p, "", f, sizeof *f);

	buf_free(&dir);
	return r;
}

int figures_read(const char *dir, struct figures *f)
{
	return read_object(dir, "/lock/trigger", f, sizeof *f);
}

unsigned long figures_load(const struct figures *f)
{
	unsigned long load = 0;

	for (int c = 0; c < 2; c++) {
		long used = f->used[c] < 0 ? 0 : f->used[c], max = f->max[c];

		if (max > 0 && (unsigned long)(used > max ? 200 : used * 200 / max) > load)
			load = (unsigned long)(used > max ? 200 : used * 200 / max);
	}
	return load;
}

int figures_tell(const char *base, unsigned number, unsigned long load, struct err *e)
{
	enum { PATIENCE_MS = 5000, NAP_MS = 20 };
	struct figures_load m = {.pid = proc_pid(), .number = number, .load = load};
	struct buf lock = BUF_INIT, b = BUF_INIT;
	long long end = clock_mono_ms() + PATIENCE_MS;
	int r = -1;

	buf_fmt(&lock, "%s/qscheduler", base);
	figures_name(lock.p, &b);
	int fd = ipc_queue_open(b.p, O_WRONLY);

	while (fd >= 0 && (r = ipc_queue_send(fd, &m, sizeof m)) < 0 && errno == EAGAIN && clock_mono_ms() < end)
		clock_nap_ms(NAP_MS);
	if (r < 0)
		err_temp(e, errno, "unable to write to the message queue %s", b.p);
	fd_close(fd);
	buf_free(&lock);
	buf_free(&b);
	return r;
}

/* May the queue take messages, and how many deliveries run on its busier channel? */
static bool usable(const char *dir, int32_t *used)
{
	struct figures f;

	if (figures_read(dir, &f) < 0 || f.disabled || (f.max[0] <= 0 && f.max[1] <= 0))
		return false;
	*used = f.used[0] > f.used[1] ? f.used[0] : f.used[1];
	return true;
}

long figures_choose(const char *base, long start, uint32_t turn)
{
	struct figures_all all;
	struct buf dir = BUF_INIT;
	bool by_load = !conf_set(CONF_DYNAMIC_QUEUE_TIME);
	int32_t best = 0, used = 0;
	long found = -1;

	if (figures_read_all(base, &all) < 0 || all.count < 1 || all.count > FIGURES_QUEUES_MAX)
		return -1;
	/* beginning at another place each time, so that equals take turns */
	for (int32_t i = 0; i < all.count && (found < 0 || by_load); i++) {
		long number = start + (long)((turn + (uint32_t)i) % (uint32_t)all.count);

		buf_clear(&dir);
		buf_fmt(&dir, "%s/queue%ld", base, number);
		if (!usable(dir.p, &used) || (found >= 0 && used >= best))
			continue;
		best = used;
		found = number;
	}
	buf_free(&dir);
	return found;
}

int figures_open(struct figures_writer *w, const char *dir)
{
	struct buf name = BUF_INIT;

	*w = (struct figures_writer){.fd = -1, .last = {.used = {-1, -1}, .max = {-1, -1}}};
	figures_name(dir, &name);
	w->fd = ipc_memory_open(name.p, O_RDWR);
	buf_free(&name);
	return w->fd < 0 ? -1 : 0;
}

void figures_write(struct figures_writer *w, const struct figures *now)
{
	enum { OURS = offsetof(struct figures, disabled) };

	if (w->fd < 0 || memcmp(&w->last, now, OURS) == 0)
		return;
	/* what cannot be written today is advice that is missing */
	(void)!fd_write_at(w->fd, now, OURS, 0);
	w->last = *now;
}
