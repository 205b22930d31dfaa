/* qfilelog - append standard input to one file.  Run as a logger for a site that rotates its files itself: after HUP
 * the file is opened anew.  What has been read is written, or it waits until it can be. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/sig.h"

enum { PAUSE = 60000, GRACE = 5000 };	/* milliseconds between attempts, and left after TERM */

static struct {
	const char *name;
	int fd, signals;
	bool reopen;
	long long deadline;	/* after INT or TERM; 0: go on */
} log_file = {.fd = -1};

static void take_signals(void)
{
	unsigned char sig;

	while (fd_read(log_file.signals, &sig, 1) == 1) {
		if (sig == SIGHUP)
			log_file.reopen = true;
		else if (!log_file.deadline)
			log_file.deadline = clock_mono_ms() + GRACE;
	}
}

/* Something failed (errno): say it when it begins, wait for a minute or a signal.  False: time to go. */
static bool trouble(bool *said, const char *what)
{
	struct pollfd p = {log_file.signals, POLLIN, 0};
	long long left = log_file.deadline - clock_mono_ms();

	if (!*said)
		log_warn("unable to %s %s, pausing: %s", what, log_file.name, log_errno(errno));
	*said = true;
	if (log_file.deadline)
		fd_poll(&p, 1, left > 1000 ? 1000 : left > 0 ? (int)left : 0);
	else
		fd_poll(&p, 1, PAUSE);
	take_signals();
	return !log_file.deadline || clock_mono_ms() < log_file.deadline;
}

static bool open_file(void)
{
	bool said = false;

	while ((log_file.fd = file_open(log_file.name, O_WRONLY | O_CREAT | O_APPEND, 0666)) < 0)
		if (!trouble(&said, "open"))
			return false;
	return true;
}

static bool close_file(void)
{
	bool said = false;

	/* pipes and terminals cannot be synced */
	while (file_sync(log_file.fd) < 0 && errno != EINVAL && errno != EROFS)
		if (!trouble(&said, "fsync"))
			return false;
	fd_close(log_file.fd);
	log_file.fd = -1;
	return true;
}

static bool write_all(const char *p, size_t n)
{
	bool said = false;

	while (n) {
		ssize_t r = fd_write(log_file.fd, p, n);

		if (r < 0 && !trouble(&said, "write"))
			return false;
		if (r > 0) {
			p += r;
			n -= (size_t)r;
		}
	}
	return true;
}

/* 1: something was written, 0: the end of input, -1: given up. */
static int copy(void)
{
	static char block[64 << 10];
	bool said = false;
	ssize_t n = fd_read(0, block, sizeof block);

	if (n < 0 && errno == EAGAIN)
		return 1;
	if (n < 0)
		return trouble(&said, "read input for") ? 1 : -1;
	if (n == 0)
		return 0;
	return write_all(block, (size_t)n) ? 1 : -1;
}

static int qfilelog_main(int argc, char **argv)
{
	static const int caught[] = {SIGHUP, SIGINT, SIGTERM};
	struct pollfd p[2] = {{0, POLLIN, 0}, {0, POLLIN, 0}};
	int r = 1;

	if (argc != 2) {
		log_line("usage: filelog filename");
		return 1;
	}
	if (!fd_open(0))
		die(111, "unable to read input: %s", log_errno(EBADF));
	sig_ignore(SIGPIPE);
	log_file.name = argv[1];
	log_file.signals = p[1].fd = sig_pipe(caught, 3);
	if (log_file.signals < 0)
		die(111, "unable to create pipe: %s", log_errno(errno));
	while (r > 0 && !log_file.deadline) {
		if (log_file.fd < 0 && !open_file())
			break;
		p[0].revents = p[1].revents = 0;
		fd_poll(p, 2, -1);
		if (p[1].revents)
			take_signals();
		if (p[0].revents && !log_file.deadline)
			r = copy();
		if (log_file.reopen && r > 0 && !close_file())
			break;
		log_file.reopen = false;
	}
	if (r < 0)
		die(111, "ended by a signal while writing %s was impossible", log_file.name);
	if (log_file.fd >= 0 && !close_file())
		return 111;
	return 0;
}

APPLET(qfilelog) = {
	.name = "qfilelog", .family = "svc",
	.brief = "append standard input to a file",
	.args = "file", .role = AS_CALLER, .main = qfilelog_main,
};
