/* Unit tests of core/net/seats: taking, leaving, counting, what a child sees and changes. */
#include "core/net/seats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

static struct ip address(const char *text)
{
	struct ip ip;

	assert_true(ip_scan(str_z(text), &ip));
	return ip;
}

static void counting(void **state)
{
	struct ip a = address("192.0.2.1"), b = address("2001:db8::1"), seen;
	struct seats *s = seats_open(4);
	size_t i = 0;
	pid_t pid;

	(void)state;
	assert_non_null(s);
	assert_int_equal(seats_take(s, &a), 0);
	assert_int_equal(seats_take(s, &b), 1);
	assert_int_equal(seats_take(s, &a), 2);
	assert_int_equal(seats_take(s, &a), 3);
	assert_int_equal(seats_take(s, &a), -1);
	assert_int_equal(seats_taken(s), 4);
	for (int k = 0; k < 4; k++)
		seats_owner(s, k, 100 + k);
	assert_int_equal(seats_count(s, &a), 3);
	assert_int_equal(seats_rank(s, 0, &a), 1);
	assert_int_equal(seats_rank(s, 2, &a), 2);
	assert_int_equal(seats_rank(s, 3, &a), 3);
	assert_true(seats_leave(s, 100));
	assert_false(seats_leave(s, 100));
	assert_int_equal(seats_rank(s, 3, &a), 2);
	/* the freed seat is the next, and its connection the latest */
	assert_int_equal(seats_take(s, &a), 0);
	assert_int_equal(seats_rank(s, 0, &a), 3);
	seats_drop(s, 0);
	assert_true(seats_next(s, &i, &seen, &pid));
	assert_true(pid == 101 && ip_same(&seen, &b));
	assert_true(seats_leave(s, 103) && seats_leave(s, 102) && seats_leave(s, 101));
	i = 0;
	assert_false(seats_next(s, &i, &seen, &pid));
	assert_int_equal(seats_taken(s), 0);
	assert_int_equal(seats_take(s, &a), 0);
}

static void sharing(void **state)
{
	struct ip a = address("192.0.2.1"), b = address("192.0.2.2");
	struct seats *s = seats_open(1000000);
	int status, mine = seats_take(s, &a), other;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		while (seats_count(s, &a) != 2)
			usleep(1000);
		seats_rename(s, mine, &b);
		_exit(seats_rank(s, mine, &b) != 1);
	}
	other = seats_take(s, &a);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(seats_count(s, &a), 1);
	assert_int_equal(seats_count(s, &b), 1);
	assert_int_equal(other, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(counting), cmocka_unit_test(sharing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
