/* svok - is a supervise running in a service directory?  Run by scripts; says nothing, the exit code is the
 * answer. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "svc/state.h"

static int svok_main(int argc, char **argv)
{
	struct buf path = BUF_INIT;
	struct err e = {0};

	if (argc != 2)
		die_usage();
	if (state_find(argv[1], &path, &e) < 0)
		die_err(&e);
	int ok = state_ok(path.p);

	if (ok < 0)
		die(111, "unable to open %s/ok: %s", path.p, log_errno(errno));
	buf_free(&path);
	return ok ? 0 : 100;
}

APPLET(svok) = {
	.name = "svok", .family = "svc",
	.brief = "is a supervise running for a service?",
	.args = "dir", .role = AS_CALLER, .main = svok_main,
};
