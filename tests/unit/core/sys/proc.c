/* Unit tests of core/sys/proc: the search along a path, processes of others, words in ps. */
#include "core/sys/proc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/sys/fd.h"
#include "core/sys/file.h"

#include "../../scratch.h"

/* The exit code of name found along path; 200 + errno when it is not. */
static int run(const char *path, const char *name)
{
	char *argv[] = {(char *)(size_t)name, NULL};
	pid_t pid = proc_fork();
	int status;

	if (pid == 0) {
		proc_exec_path(path, name, argv);
		proc_exit(200 + errno);
	}
	assert_int_equal(proc_wait(pid, &status, false), pid);
	return proc_code(status);
}

static void script(const char *fn, const char *text, mode_t mode)
{
	scratch_file(fn, text);
	assert_int_equal(file_chmod(fn, mode), 0);
}

static void search(void **state)
{
	(void)state;
	assert_int_equal(file_mkdirs("p1/dir", 0755), 0);
	assert_int_equal(file_mkdir("p2", 0755), 0);
	script("p1/both", "#!/bin/sh\nexit 1\n", 0755);
	script("p2/both", "#!/bin/sh\nexit 2\n", 0755);
	script("p1/second", "#!/bin/sh\nexit 1\n", 0644);
	script("p2/second", "#!/bin/sh\nexit 2\n", 0755);
	script("p1/noexec", "#!/bin/sh\nexit 1\n", 0644);
	script("p1/empty", "", 0755);
	script("here", "#!/bin/sh\nexit 3\n", 0755);
	assert_int_equal(run("p1:p2", "both"), 1);
	assert_int_equal(run("p2:p1", "both"), 2);
	assert_int_equal(run("missing:p1:p2", "second"), 2);
	assert_int_equal(run("p1:p2", "noexec"), 200 + EACCES);
	assert_int_equal(run("p1:p2", "dir"), 200 + EACCES);
	assert_int_equal(run("p1", "nothing"), 200 + ENOENT);
	assert_int_equal(run("p1", ""), 200 + ENOENT);
	/* no shell for what the kernel refuses, and the search ends there */
	assert_int_equal(run("p1:p2", "empty"), 200 + ENOEXEC);
	assert_int_equal(run("p1", "here"), 200 + ENOENT);
	assert_int_equal(run("p1:", "here"), 3);
	assert_int_equal(run("", "here"), 3);
	assert_int_equal(run(":p1", "here"), 3);
	assert_int_equal(run("p1", "./here"), 3);
	assert_int_equal(run(NULL, "false"), 1);
}

static void watching(void **state)
{
	(void)state;
	int p[2], status;

	assert_int_equal(proc_watch(0), -1);
	assert_int_equal(proc_watch(-1), -1);
	assert_int_equal(fd_pipe(p), 0);
	pid_t pid = proc_fork();

	if (pid == 0) {
		fd_close(p[1]);
		fd_read(p[0], &status, 1);
		proc_exit(0);
	}
	int fd = proc_watch(pid);

	assert_true(fd >= 0);
	assert_int_equal(fd_wait(fd, POLLIN, 20), 0);
	fd_close(p[1]);
	assert_int_equal(fd_wait(fd, POLLIN, 5000), 1);
	assert_int_equal(proc_wait(pid, &status, false), pid);
	fd_close(fd);
	fd_close(p[0]);
	assert_int_equal(proc_watch(pid), -1);
	assert_int_equal(errno, ESRCH);
}

static void words(void **state)
{
	(void)state;
	char area[] = "program\0with\0some arguments";
	char *argv[] = {area, area + 8, area + 13};
	char *shown[] = {(char *)(size_t)"name", (char *)(size_t)"", (char *)(size_t)"last"};
	char *large[] = {(char *)(size_t)"far too many words for", (char *)(size_t)"this place"};
	char *exact[] = {(char *)(size_t)"1234567890123", (char *)(size_t)"5678901234567"};

	assert_null(proc_title_words(3, shown));
	proc_title_init(3, argv);
	assert_ptr_equal(proc_title_words(3, shown), area + 6);
	assert_memory_equal(area, "name\0\0last\0\0\0", 13);
	assert_null(proc_title_words(2, large));
	assert_string_equal(area, "name");
	assert_ptr_equal(proc_title_words(2, exact), area + 14);
	assert_memory_equal(area, "1234567890123\0005678901234567", sizeof area);
	assert_null(proc_title_words(0, shown));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search),
		cmocka_unit_test(watching),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
