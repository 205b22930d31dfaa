/* svstatd - tell a client over the network how a service is.  Run under tcpserver; reads one line and
 * becomes svstat.  The client may name a directory of services and a service in it, or one in a container,
 * and nothing else. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/sys/fd.h"
#include "core/sys/in.h"
#include "core/sys/proc.h"
#include "svc/ask.h"

enum { LINE_LONGEST = 1024, TIMEOUT_MS = 60000 };

static void refuse(void) __attribute__((noreturn));

static void refuse(void)
{
	static const char text[] = "svstatd: fatal: invalid input\n";

	fd_write_all(1, text, sizeof text - 1);
	fd_write_all(2, text, sizeof text - 1);
	proc_exit(111);
}

static void read_line(struct buf *line)
{
	char space[256];
	struct in in;

	in_init(&in, 0, space, sizeof space);
	in.timeout = TIMEOUT_MS;
	if (in_line(&in, line, '\n', LINE_LONGEST) != 1)
		refuse();
}

static int svstatd_main(int argc, char **argv)
{
	struct buf line = BUF_INIT, dir = BUF_INIT, program = BUF_INIT, container = BUF_INIT;
	struct ask a;

	(void)argv;
	if (argc != 1)
		die_usage();
	read_line(&line);
	if (!ask_parse(buf_str(&line), &a))
		refuse();
	buf_fmt(&dir, "%.*s/%.*s", STR_FMT(a.scandir), STR_FMT(a.name));
	buf_set(&program, a.program);
	buf_set(&container, a.container);
	char *words[] = {program.p, (char []){"exec"}, container.p, (char []){"svstat"}, dir.p, NULL};

	run_chain(a.program.n ? words : words + 3);
}

APPLET(svstatd) = {
	.name = "svstatd", .family = "svc",
	.brief = "tell a client over the network how a service is",
	.args = "", .role = AS_CALLER, .main = svstatd_main,
};
