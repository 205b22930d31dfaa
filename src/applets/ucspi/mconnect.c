/* mconnect - talk to a server of lines, an SMTP server when no port is named, by hand. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/net/dial.h"
#include "core/sys/fd.h"

static int mconnect_main(int argc, char **argv)
{
	char name[] = "mconnect-io", *io[] = {name, NULL};
	struct sock_end peer;
	struct err e = {0};
	int s = dial(&DIAL(argc > 1 ? argv[1] : "0", argc > 2 ? argv[2] : "25"), &peer, &e);

	if (s < 0)
		die_err(&e);
	if (fd_copy(6, s) < 0 || fd_copy(7, s) < 0)
		die(111, "unable to set up descriptors: %s", log_errno(errno));
	run_become(io);
}

APPLET(mconnect) = {
	.name = "mconnect", .family = "ucspi",
	.brief = "talk to a server by hand",
	.args = "[host [port]]", .role = AS_CALLER, .main = mconnect_main,
};
