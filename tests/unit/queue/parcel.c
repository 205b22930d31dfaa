/* Unit tests of queue/parcel: what is a parcel, and whose. */
#include "queue/parcel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static int parse(struct parcel *p, const char *head, struct str env, const char *body)
{
	struct err e = {0};

	*p = (struct parcel){.text = BUF_INIT};
	buf_adds(&p->text, head);
	buf_add(&p->text, env);
	buf_adds(&p->text, body);
	int r = parcel_parse(p, &e);

	if (r < 0)
		parcel_free(p);
	return r;
}

#define HEAD(env, body) "indimail-parcel 1\nqueue q\nid 7\nbirth 9\nenvelope " env "\nmessage " body "\n\n"

static void whole(void **state)
{
	struct parcel p;
	struct str env = STR("Fa@b\0Tc@d\0");

	(void)state;
	assert_int_equal(parse(&p, HEAD("10", "3"), env, "hi\n"), 0);
	assert_int_equal(p.id, 7);
	assert_int_equal(p.birth, 9);
	assert_true(str_eq(p.body, STR("hi\n")));
	assert_true(str_eq(p.env, env));
	parcel_free(&p);
	assert_int_equal(parse(&p, HEAD("10", "0"), env, ""), 0);
	parcel_free(&p);
}

static void damaged(void **state)
{
	struct parcel p;
	struct str env = STR("Fa@b\0Tc@d\0");

	(void)state;
	assert_int_equal(parse(&p, HEAD("10", "4"), env, "hi\n"), -1);
	assert_int_equal(parse(&p, HEAD("10", "2"), env, "hi\n"), -1);
	assert_int_equal(parse(&p, HEAD("99", "3"), env, "hi\n"), -1);
	assert_int_equal(parse(&p, HEAD("9", "4"), env, "hi\n"), -1);
	assert_int_equal(parse(&p, HEAD("-1", "4"), env, "hi\n"), -1);
	assert_int_equal(parse(&p, HEAD("18446744073709551615", "4"), env, "hi\n"), -1);
	assert_int_equal(parse(&p, "", STR(""), ""), -1);
	assert_int_equal(parse(&p, "indimail-parcel 2\n", STR(""), ""), -1);
	assert_int_equal(parse(&p, "indimail-parcel 1\nqueue q\nid 7\n", STR(""), ""), -1);
	/* no recipient, no sender, an unknown letter, parameters that are none */
	assert_int_equal(parse(&p, HEAD("5", "0"), STR("Fa@b\0"), ""), -1);
	assert_int_equal(parse(&p, HEAD("5", "0"), STR("Ta@b\0"), ""), -1);
	assert_int_equal(parse(&p, HEAD("12", "0"), STR("Fa@b\0Tc@d\0z\0"), ""), -1);
	assert_int_equal(parse(&p, HEAD("15", "0"), STR("Fa@b\0Tc@d\0y???\0"), ""), -1);
}

static void names(void **state)
{
	struct str queue;
	uint64_t id, birth;

	(void)state;
	assert_true(parcel_whose(STR("queue1.17.99.ready"), &queue, &id, &birth));
	assert_true(str_eq(queue, STR("queue1")) && id == 17 && birth == 99);
	assert_true(parcel_whose(STR("a.b.17.99.ready"), &queue, &id, &birth));
	assert_true(str_eq(queue, STR("a.b")));
	assert_false(parcel_whose(STR("17.99.ready"), &queue, &id, &birth));
	assert_false(parcel_whose(STR("q.x.99.ready"), &queue, &id, &birth));
	assert_false(parcel_whose(STR(""), &queue, &id, &birth));
	assert_true(str_eq(parcel_queue(STR("queue1.17.99.parcel.queue2.5.import")), STR("queue2")));
	assert_int_equal(parcel_queue(STR("import")).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(whole), cmocka_unit_test(damaged), cmocka_unit_test(names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
