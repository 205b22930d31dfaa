/* ipc - POSIX shared memory and message queues; see ipc.h. */
#include "core/sys/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sys/fault.h"

enum { PRIORITY = 10, TRIES = 3 };

static int give_up(int fd)
{
	int keep = errno;

	close(fd);
	errno = keep;
	return -1;
}

/* Message queue descriptors are file descriptors on Linux: both kinds of object get their owner alike. */
static int own(int fd, const struct ipc_owner *o)
{
	if (o->change && fchown(fd, o->uid, o->gid) < 0)
		return -1;
	return fchmod(fd, o->mode);
}

/* Zeroes are written, not left out: a file system without room says so now. */
static int fill(int fd, size_t size)
{
	char zeroes[64] = {0};

	for (size_t at = 0; at < size; ) {
		size_t n = size - at < sizeof zeroes ? size - at : sizeof zeroes;
		ssize_t r = pwrite(fd, zeroes, n, (off_t)at);

		if (r <= 0)
			return -1;
		at += (size_t)r;
	}
	return 0;
}

int ipc_memory_create(const char *name, size_t size, const struct ipc_owner *o)
{
	int fd = -1;

	if (FAULT("shm_open"))
		return -1;
	for (int i = 0; fd < 0 && i < TRIES; i++) {
		fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0 && (errno != EEXIST || shm_unlink(name) < 0))
			return -1;
	}
	if (fd >= 0 && (fill(fd, size) < 0 || own(fd, o) < 0)) {
		int keep = errno;

		shm_unlink(name);
		errno = keep;
		return give_up(fd);
	}
	return fd;
}

int ipc_memory_open(const char *name, int flags)
{
	if (FAULT("shm_open"))
		return -1;
	return shm_open(name, flags, 0);
}

int ipc_memory_remove(const char *name)
{
	return shm_unlink(name);
}

/* The next smaller queue to ask for: shorter messages first, then fewer; false: there is none. */
static bool smaller(struct mq_attr *a)
{
	if (a->mq_msgsize > IPC_MESSAGE_MIN)
		a->mq_msgsize = IPC_MESSAGE_MIN;
	else if (a->mq_maxmsg > 1)
		a->mq_maxmsg = a->mq_maxmsg > 10 ? 10 : a->mq_maxmsg / 2;
	else
		return false;
	return true;
}

int ipc_queue_create(const char *name, long *len, long *size, const struct ipc_owner *o)
{
	struct mq_attr a = {.mq_maxmsg = *len < 1 ? 1 : *len, .mq_msgsize = *size < IPC_MESSAGE_MIN ? IPC_MESSAGE_MIN :
		*size > IPC_MESSAGE_MAX ? IPC_MESSAGE_MAX : *size};

	if (FAULT("mq_open"))
		return -1;
	for (int i = 0; i < TRIES; ) {
		int fd = (int)mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK | O_CLOEXEC, 0600, &a);

		if (fd >= 0 && own(fd, o) < 0) {
			int keep = errno;

			mq_unlink(name);
			errno = keep;
			return give_up(fd);
		}
		if (fd >= 0) {
			*len = a.mq_maxmsg;
			*size = a.mq_msgsize;
			return fd;
		}
		if (errno == EEXIST && mq_unlink(name) == 0)
			i++;
		else if ((errno != EINVAL && errno != EMFILE && errno != ENOMEM) || !smaller(&a))
			return -1;
	}
	return -1;
}

int ipc_queue_open(const char *name, int flags)
{
	if (FAULT("mq_open"))
		return -1;
	return (int)mq_open(name, flags | O_NONBLOCK | O_CLOEXEC);
}

int ipc_queue_remove(const char *name)
{
	return mq_unlink(name);
}

int ipc_queue_send(int fd, const void *p, size_t n)
{
	if (FAULT("mq_send"))
		return -1;
	return mq_send((mqd_t)fd, p, n, PRIORITY);
}

ssize_t ipc_queue_take(int fd, void *p, size_t n)
{
	static char message[IPC_MESSAGE_MAX];
	ssize_t r;

	if (FAULT("mq_receive"))
		return -1;
	do
		r = mq_receive((mqd_t)fd, message, sizeof message, NULL);
	while (r < 0 && errno == EINTR);
	if (r > 0)
		memcpy(p, message, (size_t)r < n ? (size_t)r : n);
	return r;
}
