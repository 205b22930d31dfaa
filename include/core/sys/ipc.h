/* ipc - POSIX shared memory and message queues: objects with names of their own ("/name"), outside the file system.
 * Descriptors or 0, -1 with errno; all descriptors are close-on-exec.  Memory is read and written by fd_read_at and
 * fd_write_at, never mapped, so that a full or truncated one is an error and not the end of the process. */
#ifndef CORE_SYS_IPC_H
#define CORE_SYS_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { IPC_MESSAGE_MAX = 65536, IPC_MESSAGE_MIN = 64 };

/* What a new object gets: mode always, owner and group when change is set. */
struct ipc_owner {
	mode_t mode;
	bool change;
	uid_t uid;
	gid_t gid;
};

/* New memory of size zero bytes in place of what has the name; open for writing. */
int ipc_memory_create(const char *name, size_t size, const struct ipc_owner *o);
int ipc_memory_open(const char *name, int flags);	/* O_RDONLY or O_RDWR */
int ipc_memory_remove(const char *name);

/* A new message queue in place of what has the name, open for both, never waiting.  *len messages of *size bytes, or
 * what the limits of the system and of the user allow; they are updated. */
int ipc_queue_create(const char *name, long *len, long *size, const struct ipc_owner *o);
int ipc_queue_open(const char *name, int flags);	/* O_RDONLY or O_WRONLY; never waiting */
int ipc_queue_remove(const char *name);
/* One message of n bytes, at most IPC_MESSAGE_MIN, priority 10; EAGAIN: the queue is full. */
int ipc_queue_send(int fd, const void *p, size_t n);
/* The next message: its first n bytes; its length, -1 with EAGAIN when there is none. */
ssize_t ipc_queue_take(int fd, void *p, size_t n);

#endif
