/* envuidgid - run a program with UID and GID of an account in its environment.  Used in front of programs
 * that change their ids themselves once they have opened what only root may open. */
#include <errno.h>
#include <stdio.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/sys/env.h"
#include "core/sys/pw.h"

static void put(const char *name, unsigned long id)
{
	char text[24];

	snprintf(text, sizeof text, "%lu", id);
	env_put(name, text);
}

static int envuidgid_main(int argc, char **argv)
{
	struct pw p;

	if (argc < 3)
		die_usage();
	int r = pw_name(str_z(argv[1]), &p);

	if (r < 0)
		die(111, "unable to read the account file: %s", log_errno(errno));
	if (r == 0)
		die(111, "unknown account %s", argv[1]);
	put("UID", p.uid);
	put("GID", p.gid);
	run_chain(argv + 2);
}

APPLET(envuidgid) = {
	.name = "envuidgid", .family = "svc",
	.brief = "run a program with UID and GID of an account",
	.args = "account child [argument ...]", .role = AS_CALLER, .main = envuidgid_main,
};
