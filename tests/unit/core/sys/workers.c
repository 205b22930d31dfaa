/* workers: one process for many jobs, exit codes, death in a job, descriptors, a clean environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/workers.h"

/* "exit N" ends the process, "code N" is an exit code, "job" tells which one it is, "env" tells whether MARK is set and
 * sets it; the text is written to the descriptor. */
static int run(struct str text, const int *fds, int n)
{
	char c = text.p[text.n - 1];

	if (n == 1)
		fd_write_all(fds[0], text.p, text.n);
	if (str_starts(text, STR("exit")))
		proc_exit(c - '0');
	if (str_starts(text, STR("job")))
		return (int)workers_job();
	if (str_starts(text, STR("env"))) {
		int was = env_get("MARK") != NULL;

		env_put("MARK", "1");
		return was;
	}
	return c - '0';
}

static struct workers w = {.run = run};

static int setup(void **state)
{
	struct err e = {0};

	(void)state;
	return workers_open(&w, &e);
}

static int teardown(void **state)
{
	(void)state;
	workers_close(&w);
	return 0;
}

/* Run a job to its note: its code; *pid is who did it. */
static int done(const char *text, int fd, pid_t *pid)
{
	struct err e = {0};
	pid_t started = workers_start(&w, str_z(text), &fd, fd >= 0, 0, &e);
	int status = -1;

	assert_true(started > 0);
	assert_int_equal(fd_wait(w.notes[0], POLLIN, 5000), 1);
	assert_true(workers_note(&w, pid, &status));
	assert_int_equal(*pid, started);
	return proc_code(status);
}

static void one_process(void **state)
{
	pid_t first, again;

	(void)state;
	assert_int_equal(done("code 7", -1, &first), 7);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(done("code 3", -1, &again), 3);
		assert_int_equal(again, first);
	}
	assert_int_equal(done("job", -1, &again), 22);
	assert_int_equal(done("job", -1, &again), 23);
	assert_int_equal(workers_job(), 0);
}

static void busy(void **state)
{
	struct err e = {0};
	pid_t a = workers_start(&w, STR("code 1"), NULL, 0, 0, &e);
	pid_t b = workers_start(&w, STR("code 2"), NULL, 0, 0, &e), pid;
	int status, sum = 0;

	(void)state;
	assert_true(a > 0 && b > 0 && a != b);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fd_wait(w.notes[0], POLLIN, 5000), 1);
		assert_true(workers_note(&w, &pid, &status));
		sum += proc_code(status);
	}
	assert_int_equal(sum, 3);
	assert_false(workers_note(&w, &pid, &status));
}

static void death(void **state)
{
	struct err e = {0};
	pid_t victim = workers_start(&w, STR("exit 5"), NULL, 0, 0, &e), pid;
	int status;

	(void)state;
	assert_int_equal(proc_wait(victim, &status, false), victim);
	assert_int_equal(proc_code(status), 5);
	assert_false(workers_note(&w, &pid, &status));
	workers_gone(&w, victim);
	assert_int_equal(done("code 4", -1, &pid), 4);
	assert_int_not_equal(pid, victim);
}

static void descriptors(void **state)
{
	char got[8] = "";
	int p[2];
	pid_t pid;

	(void)state;
	assert_int_equal(fd_pipe(p), 0);
	assert_int_equal(done("code 0", p[1], &pid), 0);
	fd_close(p[1]);
	assert_int_equal(fd_read(p[0], got, sizeof got), 6);
	/* the worker keeps nothing: the end is seen */
	assert_int_equal(fd_read(p[0], got, sizeof got), 0);
	assert_memory_equal(got, "code 0", 6);
	fd_close(p[0]);
}

static void environment(void **state)
{
	pid_t pid;

	(void)state;
	assert_int_equal(done("env", -1, &pid), 0);
	assert_int_equal(done("env", -1, &pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_process, setup, teardown),
		cmocka_unit_test_setup_teardown(busy, setup, teardown),
		cmocka_unit_test_setup_teardown(death, setup, teardown),
		cmocka_unit_test_setup_teardown(descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(environment, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
