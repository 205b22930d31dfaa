/* Unit tests of queue/prio: items come out in order of time. */
#include "queue/prio.h"
#include "queue/idset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void in_order(void **state)
{
	struct prio q = {0};
	struct prio_item item;
	uint64_t random = 1, sum = 0;
	time_t last = 0;

	(void)state;
	assert_false(prio_min(&q, &item));
	for (uint64_t i = 1; i <= 5000; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		prio_add(&q, (time_t)(random >> 50), i);
		if (i % 3 == 0) {
			assert_true(prio_min(&q, &item));
			sum += item.id;
			prio_drop_min(&q);
		}
	}
	while (prio_min(&q, &item)) {
		assert_true(item.when >= last);
		last = item.when;
		sum += item.id;
		prio_drop_min(&q);
	}
	assert_int_equal(sum, 5000u * 5001 / 2);
	vec_free(&q.items);
}

static void all_due(void **state)
{
	struct prio q = {0};
	struct prio_item item;

	(void)state;
	for (int i = 0; i < 100; i++)
		prio_add(&q, 1000 - i * 7, (uint64_t)i);
	prio_all_due(&q, 500);
	for (time_t last = 0; prio_min(&q, &item); prio_drop_min(&q)) {
		assert_true(item.when <= 500 && item.when >= last);
		last = item.when;
	}
	vec_free(&q.items);
}

static void hasten(void **state)
{
	struct prio q = {0};
	struct idset ids = {0};
	struct prio_item item;
	int early = 0;

	(void)state;
	for (int i = 1; i <= 1000; i++)
		prio_add(&q, 5000 + i * 37 % 1000, (uint64_t)i);
	for (int i = 3; i <= 1000; i += 7)
		idset_add(&ids, (uint64_t)i);
	prio_hasten(&q, &ids, 900);
	for (time_t last = 0; prio_min(&q, &item); prio_drop_min(&q)) {
		assert_true(item.when >= last);
		assert_true((item.when == 900) == (item.id % 7 == 3));
		early += item.when == 900;
		last = item.when;
	}
	assert_int_equal(early, (int)ids.used);
	idset_free(&ids);
	vec_free(&q.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(in_order), cmocka_unit_test(all_due), cmocka_unit_test(hasten)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
