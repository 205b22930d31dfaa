/* mconnect-io - join standard input and output to the connection on descriptors 6 and 7, with a CR more at
 * the end of what is typed.  Run by mconnect and tcpclient; ends when the other side does. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/crlf.h"
#include "core/sys/relay.h"
#include "core/sys/sig.h"

static void change(void *arg, struct str in, bool last, struct buf *out)
{
	crlf_add(arg, in, last, out);
}

static int mconnect_io_main(int argc, char **argv)
{
	struct crlf state = {0};
	struct relay_lane lanes[] = {
		{.from = 0, .to = 7, .change = change, .arg = &state, .shared = true},
		{.from = 6, .to = 1, .shared = true, .decides = true},
	};

	(void)argc;
	(void)argv;
	sig_ignore(SIGPIPE);
	if (relay_run(lanes, 2, -1) < 0)
		die(111, "unable to copy: %s", log_errno(errno));
	return 0;
}

APPLET(mconnect_io) = {
	.name = "mconnect-io", .family = "ucspi",
	.brief = "talk over descriptors 6 and 7",
	.args = "", .role = AS_CALLER, .main = mconnect_io_main,
};
