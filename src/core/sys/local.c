/* local - Unix stream sockets; see local.h. */
#include "core/sys/local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/sys/fault.h"

static int address(const char *path, struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof a->sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(a->sun_path, path);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int give_up(int fd)
{
	int keep = errno;

	close(fd);
	errno = keep;
	return -1;
}

int local_listen(const char *path, mode_t mode)
{
	struct sockaddr_un a;
	char made[sizeof a.sun_path];

	if ((size_t)snprintf(made, sizeof made, "%s.new", path) >= sizeof made) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = address(made, &a);

	if (fd < 0)
		return -1;
	unlink(made);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || chmod(made, mode) < 0 || listen(fd, 128) < 0 ||
		rename(made, path) < 0)
		return give_up(fd);
	return fd;
}

int local_backlog(int fd, int n)
{
	return listen(fd, n);
}

int local_accept(int fd)
{
	return accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

int local_connect(const char *path)
{
	struct sockaddr_un a;
	int fd;

	if (FAULT("connect"))
		return -1;
	fd = address(path, &a);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		return give_up(fd);
	return fd;
}

int local_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
}

int local_pair_packets(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

void local_end(int fd)
{
	shutdown(fd, SHUT_WR);
}

void local_refuse(int fd)
{
	shutdown(fd, SHUT_RD);
}

int local_peer(int fd, uid_t *uid, pid_t *pid)
{
	struct ucred c;
	socklen_t n = sizeof c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) < 0)
		return -1;
	*uid = c.uid;
	*pid = c.pid;
	return 0;
}
