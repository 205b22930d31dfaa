/* finger@ - ask a host about a user (RFC 1288, port 79). */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/net/simple.h"
#include "core/sys/sig.h"

static int finger_main(int argc, char **argv)
{
	struct buf line = BUF_INIT;
	struct err e = {0};

	sig_ignore(SIGPIPE);
	buf_fmt(&line, "%s\n", argc > 2 ? argv[2] : "");
	if (simple_ask(argc > 1 ? argv[1] : "0", "79", buf_str(&line), 1, simple_visible, NULL, &e) < 0)
		die_err(&e);
	buf_free(&line);
	return 0;
}

APPLET(finger) = {
	.name = "finger@", .family = "ucspi",
	.brief = "show what a host tells about a user",
	.args = "[host [user]]", .role = AS_CALLER, .main = finger_main,
};
