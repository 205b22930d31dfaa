/* fghack - keep a program that puts itself into the background in the foreground.  Waits until the program
 * and everything it left behind have closed the descriptors they cannot know of; exits as the program did. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"

enum { COPIES = 30 };	/* daemons that close descriptors rarely close that many */

static void child(int fd, char **argv) __attribute__((noreturn));

static void child(int fd, char **argv)
{
	for (int i = 0; i < COPIES; i++) {
		int copy = fd_dup(fd);

		if (copy < 0 || fd_cloexec(copy, false) < 0)
			die(111, "unable to duplicate a pipe: %s", log_errno(errno));
	}
	run_chain(argv);
}

static int fghack_main(int argc, char **argv)
{
	char bytes[64];
	ssize_t r;
	int p[2];

	if (argc < 2)
		die_usage();
	if (fd_pipe(p) < 0)
		die(111, "unable to create a pipe: %s", log_errno(errno));
	pid_t pid = proc_fork();

	if (pid < 0)
		die(111, "unable to fork: %s", log_errno(errno));
	if (pid == 0) {
		fd_close(p[0]);
		child(p[1], argv + 1);
	}
	fd_close(p[1]);
	/* bytes that something writes into it by mistake mean nothing */
	do
		r = fd_read(p[0], bytes, sizeof bytes);
	while (r > 0);
	if (r < 0)
		die(111, "unable to read a pipe: %s", log_errno(errno));
	int code = run_wait(pid);

	if (code < 0)
		die(111, "child crashed");
	return code;
}

APPLET(fghack) = {
	.name = "fghack", .family = "svc",
	.brief = "keep a program that puts itself into the background in the foreground",
	.args = "child [argument ...]", .role = AS_CALLER, .main = fghack_main,
};
