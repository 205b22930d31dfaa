/* Unit tests of queue/sched: when a message is tried again. */
#include "queue/sched.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void next_try(void **state)
{
	static const struct {
		time_t age;
		int chan;
		time_t want;
	} cases[] = {{0, CHAN_LOCAL, 100}, {0, CHAN_REMOTE, 400}, {100, CHAN_LOCAL, 400}, {400, CHAN_LOCAL, 900},
		{400, CHAN_REMOTE, 1600}, {1600, CHAN_REMOTE, 3600}, {101, CHAN_LOCAL, 400}, {120, CHAN_LOCAL, 400},
		{121, CHAN_LOCAL, 441}, {604800, CHAN_REMOTE, 797 * 797}, {-50, CHAN_LOCAL, 100}};
	time_t birth = 1000000000;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(sched_next_try(birth, birth + cases[i].age, cases[i].chan), birth + cases[i].want);
}

/* Always later, also after a leap of the clock. */
static void always_later(void **state)
{
	(void)state;
	for (time_t age = 0; age < (time_t)1 << 40; age = age * 3 + 1)
		for (int c = 0; c < CHANS; c++)
			assert_true(sched_next_try(0, age, c) > age);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(next_try), cmocka_unit_test(always_later)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
