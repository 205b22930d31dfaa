/* Unit tests of queue/view: ages, sizes and patterns that choose messages, and how they are shown. */
#include "queue/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void ages(void **state)
{
	static const struct {
		const char *text;
		long want;
	} good[] = {{"0", 0}, {"90", 90}, {"90s", 90}, {"15m", 900}, {"2h", 7200}, {"3d", 259200}, {"1w", 604800}};
	static const char *const bad[] = {"", "m", "1x", "1hh", "1h30", "-1", "99999999999999999999", "9999999w", " 1"};
	long n = 7;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(choice_age(str_z(good[i].text), &n));
		assert_int_equal(n, good[i].want);
	}
	n = 7;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(choice_age(str_z(bad[i]), &n));
	assert_int_equal(n, 7);
}

static void sizes(void **state)
{
	long long n;

	(void)state;
	assert_true(choice_size(STR("10"), &n) && n == 10);
	assert_true(choice_size(STR("10k"), &n) && n == 10240);
	assert_true(choice_size(STR("2M"), &n) && n == 2097152);
	assert_true(choice_size(STR("3G"), &n) && n == 3221225472);
	assert_false(choice_size(STR("3T"), &n));
	assert_false(choice_size(STR("99999999999G"), &n));
	assert_false(choice_size(STR(""), &n));
}

static void patterns(void **state)
{
	(void)state;
	assert_true(choice_like(STR("Joe@Example.ORG"), "*@example.org"));
	assert_true(choice_like(STR("joe@x"), "JOE@[xy]"));
	assert_false(choice_like(STR("joe@x"), "joe"));
	assert_true(choice_like(STR(""), "*"));
	assert_false(choice_like(STR("a"), ""));
}

static void shown(void **state)
{
	struct view v = {.queue = "q1", .id = 17, .bytes = 512, .state = VIEW_HELD, .birth = 1000, .local = BUF_INIT,
		.remote = BUF_INIT};
	struct view_rcpt r[] = {{STR("a@b"), 'L', true, 0}, {STR("c\033@d"), 'R', false, 0}, {STR("e@f"), 'R', false, 5}};
	struct buf b = BUF_INIT;

	(void)state;
	v.env.sender = STR("s\"\n@x");
	for (int i = 0; i < 3; i++)
		vec_push(&v.rcpts, r[i]);
	view_line(&v, 1000 + 7200, &b);
	assert_string_equal(b.p, "q1/17 held 2h 512 <s\"_@x> c_@d +1\n");
	buf_clear(&b);
	view_rcpts(&v, &b);
	assert_string_equal(b.p, "done\tlocal\ta@b\nleft\tremote\tc_@d\nleft\tremote\te@f\n");
	buf_clear(&b);
	view_json(&v, 500, &b);
	assert_string_equal(b.p, "{\"queue\":\"q1\",\"id\":17,\"state\":\"held\",\"birth\":1000,\"age\":0,\"bytes\":512,"
		"\"sender\":\"s\\\"\\n@x\",\"recipients\":[{\"address\":\"a@b\",\"channel\":\"local\",\"done\":true},"
		"{\"address\":\"c\\u001b@d\",\"channel\":\"remote\",\"done\":false},"
		"{\"address\":\"e@f\",\"channel\":\"remote\",\"done\":false}]}\n");
	vec_free(&v.rcpts);
	buf_free(&b);
}

static void age_text(void **state)
{
	static const struct {
		long s;
		const char *want;
	} all[] = {{0, "0s"}, {119, "119s"}, {120, "2m"}, {7199, "119m"}, {7200, "2h"}, {172799, "47h"}, {172800, "2d"}};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		buf_clear(&b);
		view_age(all[i].s, &b);
		assert_string_equal(b.p, all[i].want);
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ages), cmocka_unit_test(sizes), cmocka_unit_test(patterns),
		cmocka_unit_test(shown), cmocka_unit_test(age_text)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
