/* Unit tests of queue/idset against a plain array, with many removals. */
#include "queue/idset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { IDS = 2000 };

static void like_an_array(void **state)
{
	struct idset s = {0};
	bool in[IDS] = {false};
	uint64_t random = 12345;
	size_t n = 0;

	(void)state;
	assert_false(idset_has(&s, 7));
	idset_del(&s, 7);
	for (int i = 0; i < 200000; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		size_t k = (size_t)(random >> 33) % IDS;
		/* ids a table's size apart collide */
		uint64_t id = (k + 1) << (k % 3 ? 20 : 0);

		if (random >> 63) {
			n += !in[k];
			idset_add(&s, id);
			in[k] = true;
		} else {
			n -= in[k];
			idset_del(&s, id);
			in[k] = false;
		}
		assert_int_equal(s.used, n);
	}
	for (size_t k = 0; k < IDS; k++)
		assert_int_equal(idset_has(&s, (k + 1) << (k % 3 ? 20 : 0)), in[k]);
	idset_free(&s);
	assert_false(idset_has(&s, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(like_an_array)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
