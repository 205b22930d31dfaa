/* except - turn a program's verdict round: its success refuses the message.
 * Run from .qmail with the message on fd 0. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"

static int except_main(int argc, char **argv)
{
	if (argc < 2)
		die_usage();
	int code = run_ask(argv + 1);

	return code == 0 ? 100 : code == 111 ? 111 : 0;
}

APPLET(except) = {
	.name = "except", .family = "deliver",
	.brief = "reverse the exit code of a program",
	.args = "program [argument ...]", .role = AS_CALLER, .main = except_main,
};
