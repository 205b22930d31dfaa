/* setlock - run a program while a file is locked.  The program inherits the descriptor, so the lock lasts
 * as long as it and its children do.  What is in the file stays. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"

static int at_once, quiet;

static const struct opt opts[] = {
	FLAGV('n', NULL, &at_once, 1, "give up when somebody holds the lock"),
	FLAGV('N', NULL, &at_once, 0, "wait for it (default)"),
	FLAGV('x', NULL, &quiet, 1, "without the lock exit 0 and say nothing"),
	FLAGV('X', NULL, &quiet, 0, "without the lock say so and exit 111 (default)"),
	OPTS_END
};

static void give_up(const char *what, const char *fn) __attribute__((noreturn));

static void give_up(const char *what, const char *fn)
{
	if (quiet)
		proc_exit(0);
	die(111, "unable to %s %s: %s", what, fn, log_errno(errno));
}

static int setlock_main(int argc, char **argv)
{
	int r;

	if (argc < 3)
		die_usage();
	int fd = file_open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0600);

	if (fd < 0)
		give_up("open", argv[1]);
	do
		r = at_once ? lock_try(fd) : lock_exclusive(fd);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		give_up("lock", argv[1]);
	if (fd_cloexec(fd, false) < 0)
		give_up("keep", argv[1]);
	run_chain(argv + 2);
}

APPLET(setlock) = {
	.name = "setlock", .family = "svc",
	.brief = "run a program while a file is locked",
	.args = "file child [argument ...]", .opts = opts, .role = AS_CALLER, .main = setlock_main,
};
