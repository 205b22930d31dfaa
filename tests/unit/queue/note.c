/* Unit tests of queue/note: written, read, found, marked; damage is left out. */
#include "queue/note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "../scratch.h"

static void there_and_back(void **state)
{
	struct buf b = BUF_INIT;
	struct envelope v;
	struct notes all = {{0}}, remote = {{0}};
	struct err e = {0};

	(void)state;
	buf_put(&b, "Fa@b\0xENVID=1\0", 14);
	note_add(&b, NOTE_OPEN, 'L', 0, STR("NOTIFY=DELAY"), STR("one@x"));
	note_add(&b, NOTE_OPEN, 'R', 0, STR("NOTIFY=NEVER"), STR("two\nlines@x"));
	note_add(&b, NOTE_RELAYED, 'R', 13, STR("NOTIFY=SUCCESS"), STR("three@x"));
	note_add(&b, NOTE_CLOSED, 'R', 4000000, STR("ORCPT=rfc822;x"), STR(""));
	scratch_bytes("info", b.p, b.n);
	assert_int_equal(envelope_read("info", &v, &e), 0);
	assert_true(str_eq(v.params, STR("ENVID=1")));
	notes_take(&v, 0, &all);
	notes_take(&v, 'R', &remote);
	assert_int_equal(all.v.n, 4);
	assert_int_equal(remote.v.n, 3);
	assert_true(str_eq(all.v.p[0].params, STR("NOTIFY=DELAY")));
	assert_true(str_eq(all.v.p[1].rcpt, STR("two\nlines@x")));
	assert_int_equal(all.v.p[2].state, NOTE_RELAYED);
	assert_null(notes_find(&remote, 12));
	assert_ptr_equal(notes_find(&remote, 0), &remote.v.p[0]);
	assert_ptr_equal(notes_find(&remote, 13), &remote.v.p[1]);
	assert_ptr_equal(notes_find(&remote, 4000000), &remote.v.p[2]);
	assert_int_equal(note_mark("info", notes_find(&remote, 13), NOTE_CLOSED, &e), 0);
	assert_int_equal(note_mark("none", notes_find(&remote, 13), NOTE_CLOSED, &e), -1);
	envelope_free(&v);
	assert_int_equal(envelope_read("info", &v, &e), 0);
	vec_clear(&all.v);
	notes_take(&v, 0, &all);
	assert_int_equal(all.v.p[1].state, NOTE_OPEN);
	assert_int_equal(all.v.p[2].state, NOTE_CLOSED);
	assert_true(str_eq(v.whole, buf_str(&b)) == false && v.whole.n == b.n);
	envelope_free(&v);
	vec_free(&all.v);
	vec_free(&remote.v);
	buf_free(&b);
}

static void damage(void **state)
{
	struct envelope v;
	struct notes n = {{0}};
	struct err e;

	(void)state;
	assert_int_equal(envelope_parse(STR("Fa\0y\0y-\0y-L\0y-L0\0y-L0 x\0y-X0 x\nr\0yzL0 x\nr\0y-Lx x\nr\0y-L-1 x\nr\0y-L5 \nr\0"), &v, &e), 0);
	notes_take(&v, 0, &n);
	assert_int_equal(n.v.n, 1);
	assert_int_equal(n.v.p[0].mpos, 5);
	assert_int_equal(n.v.p[0].params.n, 0);
	envelope_free(&v);
	vec_free(&n.v);
}

/* In todo y records belong to the recipient before them. */
static void recipients(void **state)
{
	struct envelope v;
	struct err e;

	(void)state;
	assert_int_equal(envelope_parse(STR("Fa\0Tb\0Tc\0yNOTIFY=NEVER\0Td\0"), &v, &e), 0);
	assert_int_equal(v.notes.n, 0);
	assert_int_equal(envelope_dsn(&v, 0).n, 0);
	assert_true(str_eq(envelope_dsn(&v, 1), STR("NOTIFY=NEVER")));
	assert_int_equal(envelope_dsn(&v, 2).n, 0);
	assert_null(v.params.p);
	envelope_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(damage),
		cmocka_unit_test(recipients)};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
