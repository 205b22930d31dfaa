/* syslog - datagrams to the system logger; see syslog.h. */
#include "core/sys/syslog.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "core/base/buf.h"
#include "core/sys/fault.h"
#include "core/sys/fd.h"

int syslog_open(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof a.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(a.sun_path, path);
	if (FAULT("socket"))
		return -1;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	int num = errno;

	fd_close(fd);
	errno = num;
	return -1;
}

int syslog_send(int fd, int facility, int severity, const char *tag, struct str text)
{
	struct buf b = BUF_INIT;
	char stamp[32] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &tm);
	buf_fmt(&b, "<%d>%s %s: %.*s", facility << 3 | severity, stamp, tag, STR_FMT(text));
	ssize_t r = fd_write(fd, b.p, b.n);

	buf_free(&b);
	return r < 0 ? -1 : 0;
}
