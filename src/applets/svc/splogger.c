/* splogger - send log lines to the system logger.  Run as the end of a pipe; lines on fd 0, exit 0 at their end. */
#include <errno.h>
#include <stdio.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/in.h"
#include "core/sys/fd.h"
#include "core/sys/syslog.h"

enum { LINE_MAX_BYTES = 799, FACILITY_MAX = 23 };

struct logger {
	const char *path, *tag;
	int facility;
	int fd;
};

/* A logger that was restarted is found again; what it cannot take meanwhile is lost, as syslog(3) does. */
static void say(struct logger *l, int severity, struct str text)
{
	if (l->fd >= 0 && syslog_send(l->fd, l->facility, severity, l->tag, text) == 0)
		return;
	fd_close(l->fd);
	l->fd = syslog_open(l->path);
	if (l->fd >= 0)
		syslog_send(l->fd, l->facility, severity, l->tag, text);
}

static int severity_of(struct str line)
{
	if (str_starts(line, STR("alert:")))
		return SYSLOG_ALERT;
	if (str_starts(line, STR("warning:")) || str_starts(line, STR("warn:")))
		return SYSLOG_WARNING;
	return SYSLOG_INFO;
}

/* A line, in pieces when it is long, each with the time of the first. */
static void line(struct logger *l, struct str text)
{
	int severity = severity_of(text);
	char out[LINE_MAX_BYTES + 64], stamp[40];
	time_t sec;
	long usec;

	if (!str_trim(text).n)
		return;
	clock_us(&sec, &usec);
	for (bool first = true; text.n; first = false) {
		struct str piece = str_to(text, LINE_MAX_BYTES);
		int n = snprintf(stamp, sizeof stamp, "%lld.%06ld%c", (long long)sec, usec, first ? ' ' : '+');

		for (int i = 0; i < n; i++)
			out[i] = stamp[i];
		for (size_t i = 0; i < piece.n; i++)
			out[n + (int)i] = piece.p[i] < 32 || piece.p[i] > 126 ? '?' : piece.p[i];
		say(l, severity, str_make(out, (size_t)n + piece.n));
		text = str_from(text, piece.n);
	}
}

static int splogger_main(int argc, char **argv)
{
	struct logger l = {.tag = argc > 1 ? argv[1] : "splogger", .facility = SYSLOG_MAIL, .fd = -1};
	struct buf path = BUF_INIT, text = BUF_INIT;
	char space[8192];
	struct err e = {0};
	struct in in;
	uint64_t n;
	int r;

	if (argc > 3 || (argc > 2 && !num_parse(str_z(argv[2]), FACILITY_MAX, &n)))
		die_usage();
	if (argc > 2)
		l.facility = (int)n;
	if (conf_line(CONF_SYSLOG_SOCKET, &path, &e) < 0)
		die_err(&e);
	l.path = path.p;
	in_init(&in, 0, space, sizeof space);
	while ((r = in_line(&in, &text, '\n', 1 << 16)) == 1 || text.n) {
		line(&l, str_rtrim(buf_str(&text)));
		buf_clear(&text);
		if (r <= 0 && errno != EMSGSIZE)
			break;
	}
	if (r < 0)
		die(111, "unable to read: %s", log_errno(errno));
	buf_free(&path);
	buf_free(&text);
	return 0;
}

APPLET(splogger) = {
	.name = "splogger", .family = "svc",
	.brief = "send log lines to the system logger",
	.args = "[tag [facility]]", .role = AS_LOG, .main = splogger_main,
};
