/* date@ - show what time a host thinks it is (RFC 867, port 13). */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/net/simple.h"
#include "core/sys/sig.h"

static int date_main(int argc, char **argv)
{
	struct err e = {0};

	sig_ignore(SIGPIPE);
	if (simple_ask(argc > 1 ? argv[1] : "0", "13", STR(""), 1, simple_visible, NULL, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(date) = {
	.name = "date@", .family = "ucspi",
	.brief = "show the date and time at a host",
	.args = "[host]", .role = AS_CALLER, .main = date_main,
};
