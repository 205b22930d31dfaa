/* Unit tests of core/base/arena: zeroed, aligned, apart from each other. */
#include "core/base/arena.h"

#include <stdalign.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void pieces(void **state)
{
	(void)state;
	static const size_t sizes[] = {1, 3, 0, 16, 17, 4000, 4001, 100000, 5, 3990, 2};
	enum { N = sizeof sizes / sizeof *sizes, ROUNDS = 20 };
	struct arena a = {0};
	unsigned char *p[ROUNDS][N];

	for (int r = 0; r < ROUNDS; r++)
		for (int i = 0; i < N; i++) {
			p[r][i] = arena_alloc(&a, sizes[i]);
			assert_non_null(p[r][i]);
			assert_int_equal((uintptr_t)p[r][i] % alignof(max_align_t), 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[r][i][k], 0);
			memset(p[r][i], r * N + i, sizes[i]);
		}
	for (int r = 0; r < ROUNDS; r++)
		for (int i = 0; i < N; i++)
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[r][i][k], (r * N + i) & 255);
	arena_free(&a);
	assert_null(a.top);
	arena_free(&a);
}

static void copies(void **state)
{
	(void)state;
	struct arena a = {0};
	char text[] = "a\0b";
	struct str s = arena_str(&a, str_make(text, 3)), none = arena_str(&a, str_z(NULL));
	char *z = arena_z(&a, STR("word"));

	memset(text, 'x', sizeof text);
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 4);
	assert_int_equal(none.n, 0);
	assert_int_equal(none.p[0], 0);
	assert_string_equal(z, "word");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
