/* rsvc - ask svstatd on another host how a service is.  Run by tcpclient, with the connection on
 * descriptors 6 and 7; the answer is the exit code. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/sys/fd.h"
#include "core/sys/in.h"
#include "core/sys/out.h"

enum { FROM = 6, TO = 7, LINE_LONGEST = 4096, TIMEOUT_MS = 60000 };

/* The arguments as one line; a word that would not stay one word is refused. */
static void make_line(struct buf *line, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!*argv[i])
			die_usage();
		for (const char *p = argv[i]; *p; p++)
			if (chr_blank(*p) || *p == '\n' || *p == '\r')
				die_usage();
		buf_adds(line, argv[i]);
		buf_addc(line, i < argc - 1 ? ' ' : '\n');
	}
}

static void read_answer(struct buf *line)
{
	char space[1024];
	struct in in;

	in_init(&in, FROM, space, sizeof space);
	in.timeout = TIMEOUT_MS;
	if (in_line(&in, line, '\n', LINE_LONGEST) < 0)
		die(111, "unable to read: %s", log_errno(errno));
	if (!line->n)
		die(111, "unable to read: the server closed the connection");
}

static void print(struct str line)
{
	char space[256];
	struct out o;

	out_init(&o, 1, space, sizeof space);
	for (size_t i = 0; i < line.n; i++)
		out_addc(&o, (unsigned char)line.p[i] < 32 || line.p[i] == 127 ? '?' : line.p[i]);
	out_addc(&o, '\n');
	out_flush(&o);
}

static int rsvc_main(int argc, char **argv)
{
	struct buf line = BUF_INIT;

	if (argc != 3 && argc != 5)
		die_usage();
	make_line(&line, argc, argv);
	if (fd_write_all(TO, line.p, line.n) < 0)
		die(111, "unable to write: %s", log_errno(errno));
	buf_clear(&line);
	read_answer(&line);
	struct str answer = str_rtrim(buf_str(&line));
	size_t up = str_find(answer, STR(": up")), down = str_find(answer, STR(": down"));
	int code = up == down ? 111 : up < down ? 0 : 1;

	if (code == 111)
		print(answer);
	buf_free(&line);
	return code;
}

APPLET(rsvc) = {
	.name = "rsvc", .family = "svc",
	.brief = "ask svstatd on another host how a service is",
	.args = "scandir name [docker|podman container]", .role = AS_CALLER, .main = rsvc_main,
};
