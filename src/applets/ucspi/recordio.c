/* recordio - run a program and write what it reads and writes to descriptor 2.  Used between tcpserver and a
 * server to see a protocol at work; the program's process and exit code stay its own. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/through.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"

enum {
	PACKET = 256,		/* bytes that are shown together */
	WHOLE = 4096,		/* bytes in one write: lines of several processes must not mix */
};

struct record {
	long pid;
	char sign;
	struct buf lines;
};

static void flush(struct record *r)
{
	fd_write_all(2, r->lines.p, r->lines.n);
	buf_clear(&r->lines);
}

/* One line of a packet: with a blank at the end when it was complete, a plus when it was not. */
static void line(struct record *r, struct str text, char end)
{
	if (r->lines.n + text.n + 32 > WHOLE)
		flush(r);
	buf_fmt(&r->lines, "%ld %c ", r->pid, r->sign);
	buf_add(&r->lines, text);
	buf_addc(&r->lines, end);
	buf_addc(&r->lines, '\n');
}

static void packet(struct record *r, struct str in)
{
	while (in.n) {
		size_t n = str_chr(in, '\n');

		line(r, str_to(in, n), n < in.n ? ' ' : '+');
		in = str_from(in, n + 1);
	}
}

/* Nothing is changed, only shown. */
static void change(void *arg, struct str in, bool last, struct buf *out)
{
	struct record *r = arg;

	buf_add(out, in);
	for (; in.n; in = str_from(in, PACKET))
		packet(r, str_to(in, PACKET));
	if (last)
		buf_fmt(&r->lines, "%ld %c [EOF]\n", r->pid, r->sign);
	flush(r);
}

static int recordio_main(int argc, char **argv)
{
	struct record in = {.pid = (long)proc_pid(), .sign = '<', .lines = BUF_INIT},
		out = {.pid = (long)proc_pid(), .sign = '>', .lines = BUF_INIT};

	if (argc < 2)
		die_usage();
	through_run(argv + 1, change, &in, &out);
}

APPLET(recordio) = {
	.name = "recordio", .family = "ucspi",
	.brief = "show what a program reads and writes",
	.args = "program [argument ...]", .role = AS_CALLER, .main = recordio_main,
};
