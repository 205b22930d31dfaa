/* bouncesaying - refuse a message with a text, when a program says so.
 * Run from .qmail with the message on fd 0. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"

static int bouncesaying_main(int argc, char **argv)
{
	if (argc < 2)
		die_usage();
	int code = argc > 2 ? run_ask(argv + 2) : 0;

	if (code == 111)
		return 111;
	if (code != 0)
		return 0;
	log_line("%s", argv[1]);
	return 100;
}

APPLET(bouncesaying) = {
	.name = "bouncesaying", .family = "deliver",
	.brief = "refuse a message with a text of your own",
	.args = "text [program [argument ...]]", .role = AS_CALLER, .main = bouncesaying_main,
};
