/* envuidgid - run a program with UID and GID of an account in its environment.  Used in front of programs
 * that change their ids themselves once they have opened what only root may open. */
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
	struct err e = {0};
	struct pw p;

	if (argc < 3)
		die_usage();
	if (pw_account(argv[1], &p, &e) < 0)
		die_err(&e);
	put("UID", p.uid);
	put("GID", p.gid);
	run_chain(argv + 2);
}

APPLET(envuidgid) = {
	.name = "envuidgid", .family = "svc",
	.brief = "run a program with UID and GID of an account",
	.args = "account child [argument ...]", .role = AS_CALLER, .main = envuidgid_main,
};
