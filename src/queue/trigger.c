/* trigger - wake-ups through a FIFO; see trigger.h. */
#include "queue/trigger.h"

#include <errno.h>
#include <stdio.h>

#include "core/base/buf.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/ipc.h"
#include "core/sys/proc.h"
#include "queue/figures.h"
#include "queue/layout.h"

enum { CHUNK = 65536 };	/* capacity of a Linux pipe: a full read may hide an overflow */

/* Into the message queue, unless it belongs to a stranger; false: it did not work. */
static bool post(const char *dir, uint64_t id)
{
	struct layout l = layout_conf();
	struct trigger_message m = {proc_pid(), layout_is_split(&l, Q_TODO) ? (int)(id % (uint64_t)l.split) : l.split,
		(ino_t)id};
	struct buf name = BUF_INIT;
	struct stat st;

	figures_name(dir, &name);
	int fd = ipc_queue_open(name.p, O_WRONLY);
	bool sent = fd >= 0 && file_fstat(fd, &st) == 0 && (st.st_uid == 0 || st.st_uid == proc_euid()) &&
		ipc_queue_send(fd, &m, sizeof m) == 0;

	fd_close(fd);
	buf_free(&name);
	return sent;
}

int trigger_queue_open(const char *name)
{
	return ipc_queue_open(name, O_RDONLY);
}

int trigger_queue_take(int fd, uint64_t *id)
{
	struct trigger_message m = {0};
	ssize_t n = ipc_queue_take(fd, &m, sizeof m);

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	*id = n == sizeof m ? (uint64_t)m.inum : 0;
	return 1;
}

bool trigger_tell(const char *dir, uint64_t id)
{
	struct buf b = BUF_INIT;
	bool told = false;

	if (id && conf_set(CONF_DYNAMIC_QUEUE) && post(dir, id))
		return true;
	buf_adds(&b, dir);
	buf_adds(&b, "/lock/trigger");
	int fd = file_open(b.p, O_WRONLY | O_NONBLOCK, 0);

	if (fd >= 0) {
		buf_clear(&b);
		if (id)
			buf_fmt(&b, "%llu", (unsigned long long)id);
		buf_addc(&b, 0);
		told = fd_write(fd, b.p, b.n) == (ssize_t)b.n;
		fd_close(fd);
	}
	buf_free(&b);
	return told;
}

void trigger_pull(const char *dir, uint64_t id)
{
	/* a full FIFO means the reader has plenty to do and will scan */
	(void)trigger_tell(dir, id);
}

int trigger_open(struct trigger *t, const char *dir)
{
	struct buf b = BUF_INIT;

	*t = (struct trigger){.fd = -1};
	buf_fmt(&b, "%s/lock/trigger", dir);
	/* read and write: the FIFO never reports end of file */
	t->fd = file_open(b.p, O_RDWR | O_NONBLOCK, 0);
	if (t->fd < 0 && (errno == EACCES || errno == EPERM))
		t->fd = file_open(b.p, O_RDONLY | O_NONBLOCK, 0);
	buf_free(&b);
	return t->fd < 0 ? -1 : 0;
}

void trigger_close(struct trigger *t)
{
	fd_close(t->fd);
	t->fd = -1;
	vec_free(&t->ids);
}

/* One byte of the stream; false when it asks for a scan. */
static bool take(struct trigger *t, char c)
{
	if (c >= '0' && c <= '9' && t->digits < 19) {
		t->partial = t->partial * 10 + (uint64_t)(c - '0');
		t->digits++;
		return true;
	}
	bool good = c == 0 && t->digits > 0 && t->partial > 0;

	if (good)
		vec_push(&t->ids, t->partial);
	t->partial = 0;
	t->digits = 0;
	return good;
}

int trigger_read(struct trigger *t)
{
	static char chunk[CHUNK];
	ssize_t n = fd_read(t->fd, chunk, sizeof chunk);
	int known = 1;

	vec_clear(&t->ids);
	if (n < 0)
		return errno == EAGAIN ? 1 : -1;
	if (n == 0 || n > CHUNK - 64)
		known = 0;
	for (ssize_t i = 0; i < n; i++)
		if (!take(t, chunk[i]))
			known = 0;
	return known;
}
