/* Unit tests of core/sys/sig: what is left out because it is so already, and what must not be: what a program found at
 * its start, what foreign code has changed, what a fork or a handler stands in between. */
#include "core/sys/sig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/sys/proc.h"

static volatile sig_atomic_t caught;

static void note(int sig)
{
	caught = sig;
}

static void (*handler_of(int sig))(int)
{
	struct sigaction a;

	assert_int_equal(sigaction(sig, NULL, &a), 0);
	return a.sa_handler;
}

static bool blocked(int sig)
{
	sigset_t s;

	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &s), 0);
	return sigismember(&s, sig);
}

/* A program may begin with ignored and blocked signals. */
static void found_at_start(void **state)
{
	sigset_t s;

	(void)state;
	signal(SIGUSR1, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	sigprocmask(SIG_BLOCK, &s, NULL);
	sig_default(SIGUSR1);
	assert_ptr_equal(handler_of(SIGUSR1), SIG_DFL);
	sig_reset();
	assert_ptr_equal(handler_of(SIGCHLD), SIG_DFL);
	assert_false(blocked(SIGUSR2));
}

static void back_and_forth(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		sig_ignore(SIGPIPE);
		sig_ignore(SIGPIPE);
		assert_ptr_equal(handler_of(SIGPIPE), SIG_IGN);
		sig_catch(SIGUSR1, note);
		caught = 0;
		raise(SIGUSR1);
		assert_int_equal(caught, SIGUSR1);
		/* it stays */
		caught = 0;
		raise(SIGUSR1);
		assert_int_equal(caught, SIGUSR1);
		sig_block(SIGUSR2);
		assert_true(blocked(SIGUSR2));
		sig_reset();
		assert_ptr_equal(handler_of(SIGPIPE), SIG_DFL);
		assert_ptr_equal(handler_of(SIGUSR1), SIG_DFL);
		assert_false(blocked(SIGUSR2));
	}
}

static void around_a_fork(void **state)
{
	int status;

	(void)state;
	sig_reset();
	for (int i = 0; i < 2; i++) {
		sig_ignore(SIGPIPE);
		sig_catch(SIGTERM, note);
		sig_hold();
		assert_true(blocked(SIGTERM));
		pid_t pid = proc_fork();

		if (pid == 0) {
			sig_reset();
			proc_exit(blocked(SIGTERM) || handler_of(SIGTERM) != SIG_DFL || handler_of(SIGPIPE) != SIG_DFL);
		}
		sig_release();
		assert_false(blocked(SIGTERM));
		assert_int_equal(proc_wait(pid, &status, false), pid);
		assert_int_equal(status, 0);
		assert_ptr_equal(handler_of(SIGTERM), note);
		assert_ptr_equal(handler_of(SIGPIPE), SIG_IGN);
		sig_reset();
	}
	/* what was blocked before is so afterwards */
	sig_block(SIGHUP);
	sig_hold();
	sig_release();
	assert_true(blocked(SIGHUP));
	sig_reset();
	assert_false(blocked(SIGHUP));
}

static void own_number(void **state)
{
	int status;

	(void)state;
	assert_int_equal(proc_pid(), getpid());
	pid_t pid = proc_fork();

	if (pid == 0)
		proc_exit(proc_pid() != getpid() || proc_pid() == getppid());
	assert_int_equal(proc_wait(pid, &status, false), pid);
	assert_int_equal(status, 0);
	assert_int_equal(proc_pid(), getpid());
}

/* The last one: from here on nothing is remembered. */
static void foreign_code(void **state)
{
	(void)state;
	sig_reset();
	sig_unsure();
	for (int i = 0; i < 2; i++) {
		signal(SIGPIPE, SIG_IGN);
		signal(SIGALRM, note);
		sig_reset();
		assert_ptr_equal(handler_of(SIGPIPE), SIG_DFL);
		assert_ptr_equal(handler_of(SIGALRM), SIG_DFL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_at_start), cmocka_unit_test(back_and_forth), cmocka_unit_test(around_a_fork),
		cmocka_unit_test(own_number), cmocka_unit_test(foreign_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
