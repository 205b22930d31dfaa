/* who@ - show who is logged in at a host that says so (RFC 866, port 11). */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/net/simple.h"
#include "core/sys/sig.h"

static int who_main(int argc, char **argv)
{
	struct err e = {0};

	sig_ignore(SIGPIPE);
	if (simple_ask(argc > 1 ? argv[1] : "0", "11", STR(""), 1, simple_visible, NULL, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(who) = {
	.name = "who@", .family = "ucspi",
	.brief = "show who is logged in at a host",
	.args = "[host]", .role = AS_CALLER, .main = who_main,
};
