/* wrap - a program that waits for its start; see wrap.h. */
#include "core/app/wrap.h"

#include <errno.h>
#include <string.h>

#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/buf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

enum { VARIABLE_MAX = 4096 };

/* Wait for the variable, a NUL behind it; its absence is a gate that never opens. */
static void wait_for_start(int gate)
{
	struct buf text = BUF_INIT;
	char block[512];
	ssize_t n = 0;

	while ((!text.n || text.p[text.n - 1]) && text.n < VARIABLE_MAX &&
			(n = fd_read(gate, block, sizeof block)) > 0)
		buf_put(&text, block, (size_t)n);
	if (n <= 0)
		proc_exit(111);
	char *value = strchr(text.p, '=');

	if (value) {
		*value = 0;
		env_put(text.p, value + 1);
	}
	buf_free(&text);
	fd_close(gate);
}

static void child(const struct wrap *w, char *const argv[], int gate, const int pipes[2], const int at[2],
	const int *close_fds) __attribute__((noreturn));
static void child(const struct wrap *w, char *const argv[], int gate, const int pipes[2], const int at[2],
	const int *close_fds)
{
	/* first, as one of these may have a number that is needed; the pipes are above 7 */
	for (; close_fds && *close_fds >= 0; close_fds++)
		fd_close(*close_fds);
	if (fd_copy(at[0], pipes[0]) < 0 || fd_copy(at[1], pipes[1]) < 0 ||
			(w->errors_too && fd_copy(2, pipes[1]) < 0))
		die(111, "unable to set up descriptors: %s", log_errno(errno));
	fd_close(pipes[0]);
	fd_close(pipes[1]);
	wait_for_start(gate);
	run_chain(argv);
}

/* A pipe whose ends are out of the way. */
static void high_pipe(int p[2])
{
	if (fd_pipe(p) < 0)
		die(111, "unable to create a pipe: %s", log_errno(errno));
	for (int i = 0; i < 2; i++) {
		int fd = fd_dup_above(p[i], 8);

		if (fd < 0)
			die(111, "unable to create a pipe: %s", log_errno(errno));
		fd_close(p[i]);
		p[i] = fd;
	}
}

void wrap_start(struct wrap *w, char *const argv[], int rfd, int wfd, const int *close_fds)
{
	int down[2], up[2], gate[2];

	high_pipe(down);
	high_pipe(up);
	high_pipe(gate);
	w->pid = proc_fork();
	if (w->pid < 0)
		die(111, "unable to fork: %s", log_errno(errno));
	if (w->pid == 0) {
		fd_close(down[1]);
		fd_close(up[0]);
		fd_close(gate[1]);
		child(w, argv, gate[0], (const int[]){down[0], up[1]}, (const int[]){rfd, wfd}, close_fds);
	}
	fd_close(down[0]);
	fd_close(up[1]);
	fd_close(gate[0]);
	w->from = up[0];
	w->to = down[1];
	w->gate = gate[1];
	sig_ignore(SIGPIPE);
}

void wrap_go(struct wrap *w, const char *variable)
{
	if (!variable)
		variable = "";
	fd_write_all(w->gate, variable, strlen(variable) + 1);
	fd_close(w->gate);
	w->gate = -1;
}

bool wrap_gone(int num)
{
	return num == EPIPE || num == ECONNRESET;
}

int wrap_wait(struct wrap *w)
{
	fd_close(w->from);
	fd_close(w->to);
	fd_close(w->gate);
	w->from = w->to = w->gate = -1;
	int code = run_wait(w->pid);

	return code < 0 ? 111 : code;
}
