/* Unit tests of queue/transmit: remote's output as rspawn's report; queue/spawner: header variables. */
#include "queue/transmit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "queue/spawner.h"

static const char *summary(int status, struct str said)
{
	static struct buf b = BUF_INIT;

	buf_clear(&b);
	transmit_summary(status, said, 0, &b);
	return b.p;
}

static void summaries(void **state)
{
	(void)state;
	assert_string_equal(summary(0, STR("rR\0Kdone\n\0")), "KRdone\n");
	assert_string_equal(summary(0, STR("hno \0DGiving up\n\0")), "Dno Giving up\n");
	assert_string_equal(summary(0, STR("slater \0DGiving up\n\0")), "Zlater Giving up\n");
	assert_string_equal(summary(0, STR("hno \0Zlost\n\0")), "Dno ");
	assert_string_equal(summary(0, STR("Zno route\n\0")), "Zno route\n");
	assert_string_equal(summary(0, STR("Dnever\n\0")), "Dnever\n");
	assert_string_equal(summary(0, STR("r\0")), "Z");
	assert_int_equal(summary(0, STR(""))[0], 'Z');
	assert_int_equal(summary(111 << 8, STR("Kx\0"))[0], 'Z');
	assert_int_equal(summary(1 << 8, STR("Kx\0"))[0], 'D');
	assert_int_equal(summary(9, STR("Kx\0"))[0], 'Z');
	assert_string_equal(summary(0, STR("K")), "K");
	assert_string_equal(summary(0, STR("rR\0Kdone\n" TRANSMIT_TAKEN_OVER "\n\0")), "KRdone\n" TRANSMIT_TAKEN_OVER "\n");
}

/* Several recipients: each its own part, and the message's. */
static void groups(void **state)
{
	static const struct str said = STR("rone\0hno\n\0slater\n\0Kdone\n\0"), lost = STR("Zlost\n\0");
	static const char *const want[] = {"Konedone\n", "Dno\n", "Zlater\n"};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		buf_clear(&b);
		transmit_summary(0, said, i, &b);
		assert_string_equal(b.p, want[i]);
		buf_clear(&b);
		transmit_summary(0, lost, i, &b);
		assert_string_equal(b.p, "Zlost\n");
	}
	buf_free(&b);
}

static void variables(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(spawner_variables(STR("X-Spam-Flag:  yes \nlist-id: a\n\tb: c\n"), &b), 2);
	assert_true(str_eq(buf_str(&b), STR("X_SPAM_FLAG=yes\0LIST_ID=a\tb: c\0")));
	buf_clear(&b);
	assert_int_equal(spawner_variables(STR("Path: x\nLD-PRELOAD: x\nno colon\n1x: y\nA B: c\n: x\n\n x: y\nHome: /\n"), &b), 0);
	assert_int_equal(b.n, 0);
	assert_int_equal(spawner_variables(STR("X: last line"), &b), 1);
	assert_string_equal(b.p, "X=last line");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(summaries), cmocka_unit_test(groups), cmocka_unit_test(variables)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
