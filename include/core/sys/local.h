/* local - stream sockets in the file system, with the peer's credentials. */
#ifndef CORE_SYS_LOCAL_H
#define CORE_SYS_LOCAL_H

#include <sys/types.h>

/* Listen on path; a stale socket there is replaced.  The name appears when the socket listens and has its
 * mode, never before.  A descriptor or -1 (errno). */
int local_listen(const char *path, mode_t mode);
int local_backlog(int fd, int n);	/* this many connections wait to be accepted */
int local_accept(int fd);
int local_connect(const char *path);
int local_pair(int pair[2]);
int local_pair_packets(int pair[2]);	/* each write is one message; any number of writers */
/* Tell the other side that nothing more will be written. */
void local_end(int fd);
/* Whoever writes to us from now on fails; what has been written can still be read. */
void local_refuse(int fd);
/* Who connected: real credentials at the time of connect. */
int local_peer(int fd, uid_t *uid, pid_t *pid);

#endif
