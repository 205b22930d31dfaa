/* Unit tests of svc/scandir: which services there are, and which svscan is believed to run. */
#include "svc/scandir.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "../scratch.h"

static int enter(void **state)
{
	static const char *const dirs[] = {"s", "s/b", "s/b/log", "s/a", "s/.off", "s/.svscan", "s/.svscan/log",
		"s/c", "other"};

	if (scratch_enter(state) < 0)
		return -1;
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		mkdir(dirs[i], 0755);
	scratch_file("s/file", "");
	scratch_file("s/c/log", "");
	return symlink("../other", "s/link") < 0 ? -1 : setenv("DISABLE_RUN", "1", 1);
}

static void expect(const char *const *want, const struct service_names *names)
{
	size_t n = 0;

	for (; want[n]; n++) {
		assert_true(n < names->list.n);
		assert_string_equal(names->list.p[n], want[n]);
	}
	assert_int_equal(names->list.n, n);
}

static void services(void **state)
{
	(void)state;
	static const char *const mains[] = {"a", "b", "c", "link", NULL}, *const logs[] = {".svscan/log", "b/log",
		NULL};
	static const char *const hidden[] = {".off", "a", "b", "c", "link", NULL};
	struct service_names names = {{0}};
	struct err e = {0};

	assert_int_equal(scandir_services("s", true, false, &names, &e), 0);
	expect(mains, &names);
	scandir_free(&names);
	assert_int_equal(scandir_services("s", false, true, &names, &e), 0);
	expect(logs, &names);
	scandir_free(&names);
	assert_int_equal(scandir_list("s", true, &names, &e), 0);
	expect(hidden, &names);
	scandir_free(&names);
	assert_int_equal(scandir_services("none", true, true, &names, &e), -1);
	assert_string_equal(e.text, "unable to open none");
}

static int svscan(pid_t *pid)
{
	struct err e = {0};
	time_t since;

	return scandir_svscan("s", pid, &since, &e);
}

static void running(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "x\n", "0\n", "-1\n", "99999999999\n", "12 13\n"};
	char text[64];
	pid_t pid = 0;

	assert_int_equal(svscan(&pid), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		scratch_file("s/.svscan.pid", bad[i]);
		assert_int_equal(svscan(&pid), 0);
	}
	/* a process that is no svscan has the number of one that has gone */
	snprintf(text, sizeof text, "%ld\n", (long)getppid());
	scratch_file("s/.svscan.pid", text);
	assert_int_equal(svscan(&pid), 0);
	/* whoever holds the lock is one; older releases put other bytes before the last line */
	snprintf(text, sizeof text, "\1\2\3\n%ld\n", (long)getppid());
	scratch_file("s/.svscan.pid", text);
	int fd = open("s/.svscan.pid", O_RDONLY);

	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(svscan(&pid), 1);
	assert_int_equal(pid, getppid());
	close(fd);
	assert_int_equal(svscan(&pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services),
		cmocka_unit_test(running),
	};

	return cmocka_run_group_tests(tests, enter, scratch_leave);
}
