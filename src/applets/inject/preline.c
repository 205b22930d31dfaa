/* preline - feed a program the mailbox headers and then the message.
 * Run from .qmail; reads the message on fd 0, takes UFLINE, RPLINE, DTLINE, QQEH from the environment. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/out.h"
#include "core/sys/sig.h"

static int no_from, no_return_path, no_delivered_to, no_extra;

static const struct opt opts[] = {
	FLAG('f', NULL, &no_from, "leave out the From_ line (UFLINE)"),
	FLAG('r', NULL, &no_return_path, "leave out Return-Path (RPLINE)"),
	FLAG('d', NULL, &no_delivered_to, "leave out Delivered-To (DTLINE)"),
	FLAG('e', NULL, &no_extra, "leave out the extra headers (QQEH)"),
	OPTS_END
};

static void add_line(struct out *out, const char *name, bool required)
{
	const char *v = conf_getenv(name);

	if (!v && required)
		die(111, "variable %s is not set", name);
	if (v)
		out_adds(out, v);
}

static int preline_main(int argc, char **argv)
{
	char space[8192], block[8192];
	struct err e = {0};
	struct out out;
	int pipe[2];
	ssize_t r;

	if (argc < 2)
		die_usage();
	if (fd_pipe(pipe) < 0)
		die(111, "unable to create a pipe: %s", log_errno(errno));
	int fds[] = {pipe[0], 1, 2};
	pid_t pid = run_start(argv + 1, &(struct run){.fds = fds, .nfds = 3, .keep_role = true}, &e);

	if (pid < 0)
		die_err(&e);
	fd_close(pipe[0]);
	sig_ignore(SIGPIPE);
	out_init(&out, pipe[1], space, sizeof space);
	if (!no_from)
		add_line(&out, "UFLINE", true);
	if (!no_return_path)
		add_line(&out, "RPLINE", true);
	if (!no_delivered_to)
		add_line(&out, "DTLINE", true);
	if (!no_extra)
		add_line(&out, "QQEH", false);
	while ((r = fd_read(0, block, sizeof block)) > 0 && out_put(&out, block, (size_t)r) == 0)
		;
	if (r < 0)
		die(111, "unable to read the message: %s", log_errno(errno));
	/* a program may close its input early and still be content */
	if (out_flush(&out) < 0 && errno != EPIPE)
		die(111, "unable to write to %s: %s", argv[1], log_errno(errno));
	fd_close(pipe[1]);
	int code = run_wait(pid);

	if (code < 0)
		die(111, "%s crashed", argv[1]);
	return code;
}

APPLET(preline) = {
	.name = "preline", .family = "inject",
	.brief = "feed a program the mailbox header lines and the message",
	.args = "command [argument ...]", .opts = opts, .role = AS_CALLER, .main = preline_main,
};
