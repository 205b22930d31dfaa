/* Unit tests of core/sys/limit: soft limits move below the hard one, in a child of their own. */
#include "core/sys/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sys/resource.h>

#include "core/sys/proc.h"

static rlim_t soft(int what)
{
	struct rlimit l;

	return getrlimit((unsigned)what, &l) < 0 ? 0 : l.rlim_cur;
}

/* Each step that fails has its own exit code. */
static void steps(void)
{
	struct rlimit l = {30, 40};

	if (setrlimit(RLIMIT_NOFILE, &l) < 0)
		proc_exit(1);
	if (limit_soft(LIMIT_NOFILE, 20) < 0 || soft(RLIMIT_NOFILE) != 20)
		proc_exit(2);
	if (limit_soft(LIMIT_NOFILE, 1000) < 0 || soft(RLIMIT_NOFILE) != 40)
		proc_exit(3);
	if (limit_soft(LIMIT_NOFILE, 10) < 0 || limit_to_hard(LIMIT_NOFILE) < 0 || soft(RLIMIT_NOFILE) != 40)
		proc_exit(4);
	if (limit_lift(LIMIT_NOFILE) < 0 || soft(RLIMIT_NOFILE) < 40)
		proc_exit(5);
	if (limit_soft(LIMIT_CORE, 0) < 0 || soft(RLIMIT_CORE) != 0)
		proc_exit(6);
	for (int i = LIMIT_AS; i <= LIMIT_STACK; i++)
		if (limit_to_hard((enum limit)i) < 0)
			proc_exit(10 + i);
	if (limit_to_hard((enum limit)99) < 0)
		proc_exit(7);
	proc_exit(0);
}

static void limits(void **state)
{
	(void)state;
	pid_t pid = proc_fork();
	int status;

	if (pid == 0)
		steps();
	assert_int_equal(proc_wait(pid, &status, false), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
