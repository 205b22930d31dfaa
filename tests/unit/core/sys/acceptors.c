/* acceptors: connections served side by side and one after another, a limit, death in a connection, SIGTERM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/sys/acceptors.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/local.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

enum { MAX = 3 };

static char path[64];
static pid_t parent;

/* Each byte is answered with our pid; 'x' ends the process. */
static void run(int sock)
{
	pid_t me = proc_pid();
	char c;

	while (fd_read(sock, &c, 1) == 1) {
		if (c == 'x')
			proc_exit(3);
		fd_write_all(sock, &me, sizeof me);
	}
}

static void trouble(const struct err *e)
{
	(void)e;
}

static int setup(void **state)
{
	static const struct acceptors pool = {.max = MAX, .run = run, .trouble = trouble};
	struct err e;

	(void)state;
	snprintf(path, sizeof path, "/tmp/acceptors.%ld", (long)proc_pid());
	int fd = local_listen(path, 0600);

	parent = fd < 0 ? -1 : proc_fork();
	if (parent == 0)
		proc_exit(acceptors_run(&pool, fd, &e) == 0 ? 0 : 1);
	fd_close(fd);
	return parent < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	file_unlink(path);
	return 0;
}

static int begin(void)
{
	int sock = local_connect(path);

	assert_true(sock >= 0);
	fd_timeout(sock, 10000);
	return sock;
}

/* Who serves this connection; -1: nobody. */
static pid_t ask(int sock)
{
	pid_t who;

	return fd_write_all(sock, "?", 1) == 0 && fd_read_all(sock, &who, sizeof who) == 0 ? who : -1;
}

static void test_one_after_another(void **state)
{
	pid_t seen[MAX] = {0};
	int n = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		int sock = begin(), k = 0;
		pid_t who = ask(sock);

		assert_true(who > 0 && who != parent);
		while (k < n && seen[k] != who)
			k++;
		assert_true(k < MAX);
		seen[k] = who;
		n += k == n;
		fd_close(sock);
	}
}

static void test_side_by_side(void **state)
{
	int socks[MAX];
	pid_t who[MAX];

	(void)state;
	for (int i = 0; i < MAX; i++) {
		socks[i] = begin();
		who[i] = ask(socks[i]);
		assert_true(who[i] > 0);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(who[k], who[i]);
	}
	int late = begin();

	assert_int_equal(fd_write_all(late, "?", 1), 0);
	assert_int_equal(fd_wait(late, POLLIN, 100), 0);	/* there are no more than that */
	fd_close(socks[1]);
	pid_t then;

	assert_int_equal(fd_read_all(late, &then, sizeof then), 0);
	assert_int_equal(then, who[1]);
	assert_int_equal(ask(socks[0]), who[0]);
	fd_close(socks[0]);
	fd_close(socks[2]);
	fd_close(late);
}

static void test_death(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		int sock = begin();
		char c;

		assert_int_equal(fd_write_all(sock, "x", 1), 0);
		assert_true(fd_read(sock, &c, 1) <= 0);
		fd_close(sock);
	}
	int sock = begin();

	assert_true(ask(sock) > 0);
	fd_close(sock);
}

static void test_term(void **state)
{
	int status, sock = begin();

	(void)state;
	pid_t who = ask(sock);

	assert_true(who > 0);
	proc_kill(parent, SIGTERM);
	assert_int_equal(proc_wait(parent, &status, false), parent);
	assert_int_equal(proc_code(status), 0);
	assert_int_equal(ask(sock), who);	/* what has begun goes on */
	assert_int_equal(local_connect(path), -1);
	fd_close(sock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_another),
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_death),
		cmocka_unit_test(test_term),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
