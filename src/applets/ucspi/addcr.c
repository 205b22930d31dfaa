/* addcr - copy standard input with a CR before every newline.  Used in front of what speaks an internet
 * protocol. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/crlf.h"
#include "core/sys/relay.h"

static void change(void *arg, struct str in, bool last, struct buf *out)
{
	crlf_add(arg, in, last, out);
}

static int addcr_main(int argc, char **argv)
{
	struct crlf state = {0};

	(void)argc;
	(void)argv;
	if (relay_copy(0, 1, change, &state) < 0)
		die(111, "unable to copy: %s", log_errno(errno));
	return 0;
}

APPLET(addcr) = {
	.name = "addcr", .family = "ucspi",
	.brief = "add a CR at the end of every line",
	.args = "", .role = AS_CALLER, .flags = APPLET_RAW, .main = addcr_main,
};
