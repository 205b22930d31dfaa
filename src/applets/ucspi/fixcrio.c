/* fixcrio - run a program with a CR before every newline that has none, in what it reads and in what it
 * writes.  Used between tcpserver and servers for clients that end lines with LF alone, and the other way
 * round. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/through.h"
#include "core/base/crlf.h"

static void change(void *arg, struct str in, bool last, struct buf *out)
{
	crlf_fix(arg, in, last, out);
}

static int fixcrio_main(int argc, char **argv)
{
	struct crlf in = {0}, out = {0};

	if (argc < 2)
		die_usage();
	through_run(argv + 1, change, &in, &out);
}

APPLET(fixcrio) = {
	.name = "fixcrio", .family = "ucspi",
	.brief = "add missing CRs to what a program reads and writes",
	.args = "program [argument ...]", .role = AS_CALLER, .main = fixcrio_main,
};
