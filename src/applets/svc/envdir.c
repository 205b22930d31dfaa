/* envdir - run a program with the variables of a directory.  Used in run scripts; either every variable is
 * set or none. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/mem.h"
#include "core/conf/conf.h"
#include "core/conf/envdir.h"

static int clear, warn_only, skip, new_path;

static const struct opt opts[] = {
	FLAG('c', NULL, &clear, "start from an empty environment"),
	FLAG('w', NULL, &warn_only, "errors only warn; the program runs in the environment as it was"),
	FLAG('i', NULL, &skip, "leave out files that cannot be read"),
	FLAG('p', NULL, &new_path, "look for the program along the new PATH"),
	OPTS_END
};

static int envdir_main(int argc, char **argv)
{
	unsigned flags = (clear ? ENVDIR_CLEAR : 0) | (skip ? ENVDIR_SKIP : 0);
	struct err e = {0};

	if (argc < 3)
		die_usage();
	/* the program is looked for where the caller would have found it */
	const char *now = conf_env(CONF_PATH);
	char *path = now ? mem_copy(now, strlen(now)) : NULL;

	if (envdir_load(argv[1], flags, &e) < 0) {
		if (!warn_only)
			die_err(&e);
		log_warn("%s", log_err(&e));
	}
	run_chain_along(new_path ? conf_env(CONF_PATH) : path, argv + 2);
}

APPLET(envdir) = {
	.name = "envdir", .family = "svc",
	.brief = "run a program with the variables of a directory",
	.args = "dir child [argument ...]", .opts = opts, .role = AS_CALLER, .main = envdir_main,
};
