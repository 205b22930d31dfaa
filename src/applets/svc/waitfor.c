/* waitfor - wait until a process ends that is not our child.  Used in run scripts when somebody started the
 * service by hand. */
#include <errno.h>
#include <stdint.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/num.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/out.h"
#include "core/sys/proc.h"

enum { LOOK_MS = 100 };

static int verbose;

static const struct opt opts[] = {
	FLAG('v', NULL, &verbose, "say when it has ended"),
	OPTS_END
};

/* Kernels without descriptors for processes: look again and again. */
static void look(pid_t pid)
{
	while (proc_kill(pid, 0) == 0 || errno == EPERM)
		clock_sleep_ms(LOOK_MS);
}

static int waitfor_main(int argc, char **argv)
{
	uint64_t n;
	int fd, r = 1;

	if (argc != 2 || !num_parse(str_z(argv[1]), INT32_MAX, &n) || n == 0)
		die_usage();
	pid_t pid = (pid_t)n;

	if ((fd = proc_watch(pid)) >= 0)
		r = fd_wait(fd, POLLIN, -1);
	else if (errno == ENOSYS || errno == EPERM)
		look(pid);
	else if (errno != ESRCH)
		die(111, "unable to watch process %s: %s", argv[1], log_errno(errno));
	if (r < 0)
		die(111, "unable to wait for process %s: %s", argv[1], log_errno(errno));
	if (r != 1)
		return 1;
	if (verbose) {
		char space[64];
		struct out o;

		out_init(&o, 1, space, sizeof space);
		out_fmt(&o, "PID %ld terminated!\n", (long)pid);
		out_flush(&o);
	}
	return 0;
}

APPLET(waitfor) = {
	.name = "waitfor", .family = "svc",
	.brief = "wait until a process ends that is not our child",
	.args = "pid", .opts = opts, .role = AS_CALLER, .main = waitfor_main,
};
