/* feed - text before standard input; see feed.h. */
#include "core/app/feed.h"

#include <errno.h>
#include <signal.h>

#include "core/app/log.h"
#include "core/app/run.h"
#include "core/sys/fd.h"
#include "core/sys/out.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

int feed_run(char *const argv[], struct str head)
{
	char space[8192], block[8192];
	struct err e = {0};
	struct out out;
	int pipe[2];
	ssize_t r;

	if (fd_pipe(pipe) < 0)
		die(111, "unable to create a pipe: %s", log_errno(errno));
	int fds[] = {pipe[0], 1, 2};
	pid_t pid = run_start(argv, &(struct run){.fds = fds, .nfds = 3, .keep_role = true}, &e);

	if (pid < 0)
		die_err(&e);
	fd_close(pipe[0]);
	sig_ignore(SIGPIPE);
	out_init(&out, pipe[1], space, sizeof space);
	out_add(&out, head);
	while ((r = fd_read(0, block, sizeof block)) > 0 && out_put(&out, block, (size_t)r) == 0)
		;
	if (r < 0) {
		int num = errno;

		/* it must not take half a message for a whole one */
		proc_kill(pid, SIGKILL);
		die(111, "unable to read the message: %s", log_errno(num));
	}
	/* a program may close its input early and still be content */
	if (out_flush(&out) < 0 && errno != EPIPE)
		die(111, "unable to write to %s: %s", argv[0], log_errno(errno));
	fd_close(pipe[1]);
	int code = run_wait(pid);

	if (code < 0)
		die(111, "%s crashed", argv[0]);
	return code;
}
