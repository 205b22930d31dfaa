/* Unit tests of core/conf/cdb: what is written is found, and damage is noticed wherever it is. */
#include "core/conf/cdb.h"

#include "core/sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../scratch.h"

static void make(const char *fn, int keys)
{
	struct cdb_make m;
	struct err e = {0};
	int fd = file_open(fn, O_RDWR | O_CREAT | O_TRUNC, 0644);

	assert_int_equal(cdb_make_begin(&m, fd), 0);
	for (int i = 0; i < keys; i++) {
		char key[16], data[32];

		snprintf(key, sizeof key, "key%d", i);
		snprintf(data, sizeof data, "data of %d", i);
		assert_int_equal(cdb_make_add(&m, str_z(key), str_z(data), &e), 0);
	}
	assert_int_equal(cdb_make_add(&m, STR("twice"), STR("first"), &e), 0);
	assert_int_equal(cdb_make_add(&m, STR("\0\n"), STR("a\0b"), &e), 0);
	assert_int_equal(cdb_make_add(&m, STR("twice"), STR(""), &e), 0);
	assert_int_equal(cdb_make_add(&m, STR(""), STR("empty key"), &e), 0);
	assert_int_equal(cdb_make_end(&m, &e), 0);
	close(fd);
}

static void hashes(void **state)
{
	(void)state;
	/* h = 5381, then h * 33 xor byte, by hand */
	assert_true(cdb_hash(STR("")) == 5381);
	assert_true(cdb_hash(STR("a")) == (5381 * 33 ^ 'a'));
	assert_true(cdb_hash(STR("\377")) == (5381 * 33 ^ 255));
}

static void finding(void **state)
{
	(void)state;
	struct cdb c;
	struct err e = {0};
	struct buf data = BUF_INIT;

	make("db", 2000);
	assert_int_equal(cdb_open(&c, "db", &e), 1);
	for (int i = 0; i < 2010; i++) {
		char key[16], want[32];

		snprintf(key, sizeof key, "key%d", i);
		snprintf(want, sizeof want, "data of %d", i);
		assert_int_equal(cdb_find(&c, str_z(key), &data, &e), i < 2000);
		if (i < 2000)
			assert_string_equal(data.p, want);
	}
	assert_int_equal(cdb_find(&c, STR("twice"), &data, &e), 1);
	assert_string_equal(data.p, "first");
	assert_int_equal(cdb_next(&c, &data, &e), 1);
	assert_int_equal(data.n, 0);
	assert_int_equal(cdb_next(&c, &data, &e), 0);
	assert_int_equal(cdb_next(&c, &data, &e), 0);
	assert_int_equal(cdb_find(&c, STR("\0\n"), &data, &e), 1);
	assert_true(str_eq(buf_str(&data), STR("a\0b")));
	assert_int_equal(cdb_find(&c, STR(""), &data, &e), 1);
	assert_string_equal(data.p, "empty key");
	assert_int_equal(cdb_find(&c, STR("KEY1"), &data, &e), 0);
	cdb_close(&c);
	buf_free(&data);
}

static void opening(void **state)
{
	(void)state;
	struct cdb c;
	struct err e = {0};

	assert_int_equal(cdb_open(&c, "none", &e), 0);
	scratch_file("short", "too short");
	assert_int_equal(cdb_open(&c, "short", &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
}

/* Every byte of a small file set to 0xff, and every length: an answer or an error, never a crash. */
static void damage(void **state)
{
	(void)state;
	struct buf whole = BUF_INIT, data = BUF_INIT;
	int wrong = 0;

	make("small", 2);
	assert_int_equal(file_slurp("small", &whole, 1 << 20), 0);
	for (size_t i = 0; i < 2 * whole.n; i++) {
		struct err e = {0};
		struct cdb c;
		size_t at = i / 2;
		char keep = whole.p[at];

		whole.p[at] = (char)(i & 1 ? 0xff : keep);
		scratch_bytes("broken", whole.p, i & 1 ? whole.n : at);
		whole.p[at] = keep;
		if (cdb_open(&c, "broken", &e) < 0)
			continue;
		if (cdb_find(&c, STR("key1"), &data, &e) < 0) {
			assert_int_equal(e.class, ERR_TEMP);
			wrong++;
		}
		cdb_close(&c);
	}
	assert_true(wrong > 0);
	buf_free(&whole);
	buf_free(&data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes),
		cmocka_unit_test(finding),
		cmocka_unit_test(opening),
		cmocka_unit_test(damage),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
