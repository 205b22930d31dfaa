/* teepipe - copy standard input to a program and to standard output.  The program's own output goes to
 * standard error; exits as the program does. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

static pid_t start(char **argv, int *to)
{
	int p[2];

	if (fd_pipe(p) < 0)
		die(1, "unable to create a pipe: %s", log_errno(errno));
	pid_t pid = proc_fork();

	if (pid < 0)
		die(1, "unable to fork: %s", log_errno(errno));
	if (pid == 0) {
		fd_close(p[1]);
		if (fd_move(0, p[0]) < 0 || fd_copy(1, 2) < 0)
			die(111, "unable to set up descriptors: %s", log_errno(errno));
		run_chain(argv);
	}
	fd_close(p[0]);
	*to = p[1];
	return pid;
}

/* Everything from 0 to both: 0, or 1 after saying what failed. */
static int copy(int to, const char *name)
{
	char bytes[16384];
	ssize_t r;

	while ((r = fd_read(0, bytes, sizeof bytes)) > 0) {
		if (fd_write_all(1, bytes, (size_t)r) < 0) {
			log_line("teepipe: fatal: unable to write: %s", log_errno(errno));
			return 1;
		}
		if (fd_write_all(to, bytes, (size_t)r) < 0) {
			log_line("teepipe: fatal: unable to write to %s: %s", name, log_errno(errno));
			return 1;
		}
	}
	if (r < 0)
		log_line("teepipe: fatal: unable to read: %s", log_errno(errno));
	return r < 0;
}

static int teepipe_main(int argc, char **argv)
{
	int to;

	if (argc < 2)
		die_usage();
	pid_t pid = start(argv + 1, &to);

	sig_ignore(SIGPIPE);
	int failed = copy(to, argv[1]);

	/* whoever reads either end sees the end, then the program may finish */
	fd_close(to);
	fd_close(1);
	int code = run_wait(pid);

	if (code < 0) {
		log_line("teepipe: fatal: %s crashed", argv[1]);
		failed = 1;
	}
	return failed ? 1 : code;
}

APPLET(teepipe) = {
	.name = "teepipe", .family = "svc",
	.brief = "copy standard input to a program and to standard output",
	.args = "child [argument ...]", .role = AS_CALLER, .main = teepipe_main,
};
