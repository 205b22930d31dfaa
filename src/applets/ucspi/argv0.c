/* argv0 - run a program under another name.  For programs that look at the name they are called by. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"

static int argv0_main(int argc, char **argv)
{
	if (argc < 3)
		die_usage();
	run_chain_as(argv[1], argv + 2);
}

APPLET(argv0) = {
	.name = "argv0", .family = "ucspi",
	.brief = "run a program under another name",
	.args = "realname name [argument ...]", .role = AS_CALLER, .main = argv0_main,
};
