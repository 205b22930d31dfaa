/* fd - file descriptors: the calls that move bytes.  EINTR is retried unless said otherwise.
 * All return -1 with errno set on failure. */
#ifndef CORE_SYS_FD_H
#define CORE_SYS_FD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

ssize_t fd_read(int fd, void *p, size_t n);
ssize_t fd_read_at(int fd, void *p, size_t n, off_t pos);	/* the file position stays */
/* Exactly n bytes: 0, or -1; EPIPE when the input ends first. */
int fd_read_all(int fd, void *p, size_t n);
ssize_t fd_write(int fd, const void *p, size_t n);
/* Without waiting, sockets only: EAGAIN when it would wait, ENOTSOCK for anything else. */
ssize_t fd_write_now(int fd, const void *p, size_t n);
/* What lies in n places with one call, as much as fits: for libraries that bring their own buffers. */
struct iovec;
ssize_t fd_write_parts(int fd, const struct iovec *v, int n);
ssize_t fd_write_at(int fd, const void *p, size_t n, off_t pos);	/* the file position stays */
int fd_write_all(int fd, const void *p, size_t n);	/* 0 or -1 */
/* All that lies in n places (at most 8; v is used up), at this place of a file.  0 or -1. */
int fd_write_parts_at(int fd, struct iovec *v, int n, off_t pos);
/* A file in memory, not anywhere else, that holds n bytes; at its start.  -1 with errno. */
int fd_memory(const char *name, const void *p, size_t n);
int fd_close(int fd);					/* ignores fd < 0 */
int fd_end(int fd);					/* end of writing on a socket; reading goes on */
int fd_copy(int to, int from);				/* to becomes a duplicate of from */
int fd_move(int to, int from);				/* and from is closed */
int fd_dup(int fd);					/* lowest free number >= 3 */
int fd_dup_above(int fd, int low);			/* lowest free number >= low, close-on-exec */
int fd_pipe(int p[2]);					/* close-on-exec */
int fd_nonblock(int fd, bool on);
bool fd_nonblocking(int fd);
int fd_cloexec(int fd, bool on);
bool fd_open(int fd);					/* is this descriptor open? */
bool fd_terminal(int fd);				/* is it a terminal? */
int fd_close_from(int low);				/* close every descriptor >= low */
void fd_close_marked(void);				/* close what exec would: descriptors >= 3 marked close-on-exec */
int fd_null(int fd);					/* fd becomes /dev/null; without devices a file that is and stays empty */
off_t fd_seek(int fd, off_t pos);			/* from the start; the new position */
off_t fd_tell(int fd);

/* Wait until one of fds is ready; timeout in milliseconds, -1 for ever.
 * Interrupted waits return -1 with EINTR, so that signal flags are seen. */
int fd_poll(struct pollfd *fds, size_t n, int timeout_ms);
/* Wait for one descriptor: 1 ready, 0 timeout, -1 error.  Signals do not end the wait. */
int fd_wait(int fd, short events, int timeout_ms);

/* From now on a read from the socket that has to wait longer fails with EAGAIN; 0: none does.  -1: it is no socket. */
int fd_timeout(int sock, int ms);

/* Pass descriptors with n > 0 bytes over a Unix socket. */
int fd_send(int sock, const void *p, size_t n, const int *fds, int count);
/* Receive; *count is set to how many descriptors came (at most max, close-on-exec). Bytes read, 0 at the end. */
ssize_t fd_recv(int sock, void *p, size_t n, int *fds, int max, int *count);

#endif
