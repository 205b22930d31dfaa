/* through - a program behind pipes; see through.h. */
#include "core/app/through.h"

#include <errno.h>

#include "core/app/log.h"
#include "core/app/run.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/relay.h"
#include "core/sys/sig.h"

static void pipes(int in[2], int out[2])
{
	if (fd_pipe(in) < 0 || fd_pipe(out) < 0)
		die(111, "unable to create a pipe: %s", log_errno(errno));
}

void through_run(char *const argv[], void (*change)(void *arg, struct str bytes, bool last, struct buf *on),
	void *in, void *out)
{
	int down[2], up[2];

	pipes(down, up);
	pid_t pid = proc_fork();

	if (pid < 0)
		die(111, "unable to fork: %s", log_errno(errno));
	if (pid == 0) {
		struct relay_lane lanes[] = {
			{.from = 0, .to = down[1], .change = change, .arg = in},
			{.from = up[0], .to = 1, .change = change, .arg = out},
		};

		sig_ignore(SIGPIPE);
		fd_close(down[0]);
		fd_close(up[1]);
		fd_nonblock(down[1], true);
		proc_exit(relay_run(lanes, 2, -1) < 0 ? 111 : 0);
	}
	fd_close(down[1]);
	fd_close(up[0]);
	if (fd_move(0, down[0]) < 0 || fd_move(1, up[1]) < 0)
		die(111, "unable to set up descriptors: %s", log_errno(errno));
	run_chain(argv);
}
