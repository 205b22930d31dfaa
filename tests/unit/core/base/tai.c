/* Unit tests of core/base/tai: tests/data/tai.txt, and that writing and reading agree. */
#include "core/base/tai.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static const char *data;

static void vectors(void **state)
{
	(void)state;
	char fn[512], line[256];
	int rows = 0;

	snprintf(fn, sizeof fn, "%s/tai.txt", data);
	FILE *f = fopen(fn, "r");

	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		if (*line == '#')
			continue;
		/* the last two words are the result, or one dash */
		struct str s = str_rtrim(str_z(line));
		size_t i = str_rchr(s, ' ');
		struct str last = str_from(s, i + 1), label = str_to(s, i);
		int64_t sec = 4711;
		uint32_t nsec = 4711;

		if (str_eq(last, STR("-"))) {
			assert_false(tai_parse(label, &sec, &nsec));
			assert_true(sec == 4711 && nsec == 4711);
		} else {
			i = str_rchr(label, ' ');
			assert_true(tai_parse(str_to(label, i), &sec, &nsec));
			assert_true(sec == strtoll(label.p + i, NULL, 10));
			assert_int_equal(nsec, strtoul(last.p, NULL, 10));
		}
		rows++;
	}
	fclose(f);
	assert_true(rows >= 16);
}

static void there_and_back(void **state)
{
	(void)state;
	static const int64_t secs[] = {0, 0, 1, -1, 935467445, 935467445, INT64_C(4611686018427387893),
		-INT64_C(4611686018427387914), INT64_MIN / 2};
	struct tai_pen pen = TAI_PEN_INIT;

	for (size_t i = 0; i < sizeof secs / sizeof *secs; i++)
		for (uint32_t n = 0; n < 1000000000; n += 99999999) {
			char label[TAI_LABEL];
			int64_t sec;
			uint32_t nsec;

			tai_label(&pen, label, secs[i], n);
			assert_true(tai_parse(str_make(label, sizeof label), &sec, &nsec));
			assert_true(sec == secs[i]);
			assert_int_equal(nsec, n);
		}
}

static void exact(void **state)
{
	(void)state;
	struct tai_pen pen = TAI_PEN_INIT;
	char label[TAI_LABEL + 1] = "";

	tai_label(&pen, label, INT64_MIN, 0);	/* what the pen's memory begins with */
	assert_string_equal(label, "@c00000000000000a00000000");
	tai_label(&pen, label, 935467445, 787492500);
	assert_string_equal(label, "@4000000037c219bf2ef02e94");
	tai_label(&pen, label, 935467445, 999999999);
	assert_string_equal(label, "@4000000037c219bf3b9ac9ff");
	tai_label(&pen, label, 935467446, 0);
	assert_string_equal(label, "@4000000037c219c000000000");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(exact),
	};

	data = argc > 1 ? argv[1] : "tests/data";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
