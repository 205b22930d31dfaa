/* Unit tests of svc/logdir: rotation, names, recovery, trouble said once, giving up. */
#include "svc/logdir.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "../scratch.h"
#include "core/sys/file.h"

static int warnings, infos, pauses, patience;

static void say(bool warning, int num, const char *text)
{
	(void)num;
	(void)text;
	++*(warning ? &warnings : &infos);
}

static bool pause_for(long ms)
{
	(void)ms;
	return ++pauses < patience;
}

static pid_t run(const char *command, const int *fds, struct err *e)
{
	(void)command;
	(void)fds;
	return err_temp(e, 0, "no processors here");
}

static const struct logdir_host host = {say, pause_for, run};

static struct logdir open_log(const char *name, uint64_t size, unsigned long keep)
{
	struct logdir_plan plan = {.size = size, .keep = keep};
	struct err e = {0};
	struct logdir d;

	warnings = infos = pauses = 0;
	if (logdir_open(&d, name, &plan, &host, &e) < 0)
		fail_msg("%s", e.text);
	return d;
}

static int count(const char *dir, const char *end)
{
	const char *name;
	struct dir d;
	int n = 0;

	assert_int_equal(dir_open(&d, dir), 0);
	while (dir_next(&d, &name) > 0)
		n += name[0] == '@' && str_ends(str_z(name), str_z(end));
	dir_close(&d);
	return n;
}

static void rotation(void **state)
{
	(void)state;
	struct logdir d = open_log("log", 4096, 1000);

	for (int i = 0; i < 1000; i++) {
		logdir_put(&d, "0123456789012345678901234567890123456789012345678\n", 50);
		if (i % 7 == 0)
			logdir_flush(&d);
	}
	assert_int_equal(logdir_close(&d), 0);
	assert_in_range(count("log", ".s"), 13, 24);
	assert_int_equal(count("log", ".u"), 0);
	assert_int_equal(warnings + infos + pauses, 0);
}

static void on_request(void **state)
{
	(void)state;
	struct logdir d = open_log("asked", 0, 3);

	logdir_rotate(&d);
	assert_int_equal(count("asked", ".s"), 0);
	logdir_put(&d, "half", 4);
	logdir_rotate(&d);
	assert_int_equal(count("asked", ".s"), 0);
	logdir_put(&d, " full\nmore\n", 11);
	logdir_flush(&d);
	assert_int_equal(count("asked", ".s"), 1);
	for (int i = 0; i < 10; i++) {	/* faster than the clock: names differ all the same */
		logdir_put(&d, "x\n", 2);
		logdir_rotate(&d);
	}
	assert_int_equal(count("asked", ".s"), 2);
	assert_int_equal(logdir_close(&d), 0);
}

static void locked(void **state)
{
	(void)state;
	struct logdir d = open_log("locked", 0, 10), second;
	struct logdir_plan plan = {.keep = 10};
	struct err e = {0};

	assert_int_equal(logdir_open(&second, "locked", &plan, &host, &e), -1);
	assert_non_null(strstr(e.text, "unable to lock directory locked"));
	assert_int_equal(logdir_close(&d), 0);
}

static void full_disk(void **state)
{
	(void)state;
	struct rlimit before, small;
	struct logdir d = open_log("full", 0, 10);

	/* a limit on the size of files is a disk that is full */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	patience = 5;
	logdir_put(&d, "lost\n", 5);
	logdir_flush(&d);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(pauses, 5);
	assert_int_equal(warnings, 1);
	logdir_put(&d, "too\n", 4);
	assert_int_equal(logdir_close(&d), 2 + 4);
	assert_int_equal(pauses, 5);
}

static void recovery(void **state)
{
	(void)state;
	assert_int_equal(mkdir("crash", 0755), 0);
	scratch_bytes("crash/current", "torn", 4);
	scratch_bytes("crash/previous", "left\n", 5);
	scratch_bytes("crash/processed", "half", 4);
	struct logdir d = open_log("crash", 0, 10);

	assert_int_equal(logdir_close(&d), 0);
	assert_int_equal(count("crash", ".u"), 2);
	assert_int_equal(access("crash/processed", F_OK), -1);
	assert_int_equal(stat("crash/current", &(struct stat){0}), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rotation),
		cmocka_unit_test(on_request),
		cmocka_unit_test(locked),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(recovery),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
