/* pgrphack - run a program in a session and process group of its own, where the signals of others do not
 * reach it. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/sys/proc.h"

static int pgrphack_main(int argc, char **argv)
{
	if (argc < 2)
		die_usage();
	proc_new_session();	/* a leader of a group already is what it shall be */
	run_chain(argv + 1);
}

APPLET(pgrphack) = {
	.name = "pgrphack", .family = "svc",
	.brief = "run a program in a process group of its own",
	.args = "child [argument ...]", .role = AS_CALLER, .main = pgrphack_main,
};
