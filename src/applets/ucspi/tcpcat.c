/* tcpcat - print what a TCP server says, byte for byte. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/net/dial.h"
#include "core/sys/relay.h"

static int tcpcat_main(int argc, char **argv)
{
	struct sock_end peer;
	struct err e = {0};
	int s = dial(&DIAL(argc > 1 ? argv[1] : "0", argc > 2 ? argv[2] : "17"), &peer, &e);

	if (s < 0)
		die_err(&e);
	if (relay_copy(s, 1, NULL, NULL) < 0)
		die(111, "unable to copy: %s", log_errno(errno));
	return 0;
}

APPLET(tcpcat) = {
	.name = "tcpcat", .family = "ucspi",
	.brief = "print what a TCP server says",
	.args = "[host [port]]", .role = AS_CALLER, .main = tcpcat_main,
};
