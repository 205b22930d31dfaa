/* bouncesaying - refuse a message with a text, when a program says so.
 * Run from .qmail with the message on fd 0. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/buf.h"
#include "core/sys/fd.h"

static int bouncesaying_main(int argc, char **argv)
{
	if (argc < 2)
		die_usage();
	int code = argc > 2 ? run_ask(argv + 2) : 0;

	if (code == 111)
		return 111;
	if (code != 0)
		return 0;
	struct buf text = BUF_INIT;

	buf_fmt(&text, "%s\n", argv[1]);
	fd_write_all(1, text.p, text.n);
	buf_free(&text);
	return 100;
}

APPLET(bouncesaying) = {
	.name = "bouncesaying", .family = "deliver",
	.brief = "refuse a message with a text of your own",
	.args = "text [program [argument ...]]", .role = AS_CALLER, .main = bouncesaying_main,
};
