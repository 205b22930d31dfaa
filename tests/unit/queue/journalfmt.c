/* Unit tests of queue/journalfmt: what is written is read back, and only at its place, with its salt, undamaged. */
#include "queue/journalfmt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *segment;

static int begin(void **state)
{
	(void)state;
	segment = calloc(1, JOURNAL_SEGMENT);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(segment);
	return 0;
}

static struct str all(void)
{
	return str_make(segment, JOURNAL_SEGMENT);
}

static void store(const struct journal_record *r, uint64_t salt)
{
	char *p = segment + JOURNAL_OFF(r->pos);

	journal_record_head(r, salt, p);
	memcpy(p + JOURNAL_HEAD, r->env.p, r->env.n);
	memcpy(p + JOURNAL_HEAD + r->env.n, r->body.p, r->body.n);
}

static const struct journal_record sample = {.type = JOURNAL_MESSAGE, .pos = JOURNAL_POS(7, 192), .id = 1234567890123,
	.when = 1795737600, .env = {"q\0u1\0Fa\0", 8}, .body = {"Subject: x\n\nbody\n", 17}};

static void round_trip(void **state)
{
	struct journal_record r;

	(void)state;
	assert_int_equal(journal_record_size(&sample), 128);
	store(&sample, 42);
	assert_true(journal_record_read(all(), 192, 42, &r));
	assert_int_equal(r.type, JOURNAL_MESSAGE);
	assert_int_equal(r.pos, sample.pos);
	assert_int_equal(r.id, sample.id);
	assert_int_equal(r.when, sample.when);
	assert_true(str_eq(r.env, sample.env));
	assert_true(str_eq(r.body, sample.body));
}

static void refusals(void **state)
{
	struct journal_record r;

	(void)state;
	store(&sample, 42);
	assert_false(journal_record_read(all(), 192, 43, &r));		/* another segment's salt */
	assert_false(journal_record_read(all(), 128, 42, &r));		/* nothing there */
	memcpy(segment + 1024, segment + 192, 128);
	assert_false(journal_record_read(all(), 1024, 42, &r));		/* a copy elsewhere, as in a message's text */
	assert_false(journal_record_read(str_to(all(), 200), 192, 42, &r));
	assert_false(journal_record_read(all(), JOURNAL_SEGMENT, 42, &r));
	assert_false(journal_record_read(all(), 0xffffffff, 42, &r));
	for (int i = 0; i < JOURNAL_HEAD + 25; i++) {			/* any bit counts */
		segment[192 + i] ^= 4;
		assert_false(journal_record_read(all(), 192, 42, &r));
		segment[192 + i] ^= 4;
	}
	assert_true(journal_record_read(all(), 192, 42, &r));
}

static void lengths(void **state)
{
	struct journal_record r = sample;

	(void)state;
	/* a record that would reach beyond the segment, its sums right */
	r.pos = JOURNAL_POS(7, JOURNAL_SEGMENT - JOURNAL_HEAD);
	journal_record_head(&r, 42, segment + JOURNAL_SEGMENT - JOURNAL_HEAD);
	assert_false(journal_record_read(all(), JOURNAL_SEGMENT - JOURNAL_HEAD, 42, &r));
}

static void heads(void **state)
{
	uint64_t salt = 0;

	(void)state;
	journal_segment_head(0x1122334455667788, segment);
	assert_true(journal_segment_salt(segment, &salt));
	assert_true(salt == 0x1122334455667788);
	segment[9] ^= 1;
	assert_false(journal_segment_salt(segment, &salt));
}

static void positions(void **state)
{
	char p[8];

	(void)state;
	journal_pos_pack(JOURNAL_POS(0x01020304, 0x05060708), p);
	assert_memory_equal(p, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
	assert_true(journal_pos_unpack(p) == JOURNAL_POS(0x01020304, 0x05060708));
	assert_int_equal(JOURNAL_SEQ(journal_pos_unpack(p)), 0x01020304);
	assert_int_equal(JOURNAL_OFF(journal_pos_unpack(p)), 0x05060708);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(round_trip, begin, end),
		cmocka_unit_test_setup_teardown(refusals, begin, end), cmocka_unit_test_setup_teardown(lengths, begin, end),
		cmocka_unit_test_setup_teardown(heads, begin, end), cmocka_unit_test(positions)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
