/* fault - failure injection for crash tests; see fault.h.  Empty unless built with -Dfaults=true. */
#include "core/sys/fault.h"

#ifdef FAULTS
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char program[32];
static long calls;
static long target;	/* the call to spoil; 0: none in this process */
static int num;		/* its errno; 0: kill */

/* One line per call in the trace file. */
static void trace(const char *call)
{
	const char *fn = getenv("FAULT_TRACE");
	char line[128];

	if (!fn)
		return;
	int fd = open(fn, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

	if (fd < 0)
		return;
	int n = snprintf(line, sizeof line, "%s %ld %s\n", program, calls, call);

	if (write(fd, line, (size_t)n) < 0)
		calls += 0;
	close(fd);
}

void fault_program(const char *name)
{
	const char *spec = getenv("FAULT_AT");
	size_t n = strlen(name);

	snprintf(program, sizeof program, "%s", name);
	calls = target = num = 0;
	if (!spec || strncmp(spec, name, n) != 0 || spec[n] != ':')
		return;
	target = strtol(spec + n + 1, NULL, 10);
	const char *what = strchr(spec + n + 1, ':');

	num = what && strcmp(what + 1, "kill") != 0 ? atoi(what + 1) : 0;
}

/* The fault strikes once per test: whoever creates the FAULT_ONCE file first has it. */
static int mine(void)
{
	const char *fn = getenv("FAULT_ONCE");

	if (!fn)
		return 1;
	int fd = open(fn, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

int fault_hit(const char *call)
{
	int keep = errno;

	calls++;
	trace(call);
	errno = keep;
	if (calls != target || !mine())
		return 0;
	if (num == 0) {
		kill(getpid(), SIGKILL);
		pause();
	}
	errno = num;
	return 1;
}
#else
typedef int fault_unused;	/* ISO C wants a declaration in every file */
#endif
