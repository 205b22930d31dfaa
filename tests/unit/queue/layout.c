/* Unit tests of queue/layout: paths, splits, choosing and walking queues. */
#include "queue/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/sys/file.h"
#include "core/sys/env.h"

static void check(struct layout l, enum part p, uint64_t id, const char *want)
{
	struct buf b = BUF_INIT;

	layout_path(&l, p, id, &b);
	assert_string_equal(b.p, want);
	buf_free(&b);
}

static void paths(void **state)
{
	(void)state;
	check((struct layout){151, true}, Q_MESS, 12345, "mess/114/12345");
	check((struct layout){151, true}, Q_TODO, 12345, "todo/114/12345");
	check((struct layout){23, false}, Q_TODO, 12345, "todo/12345");
	check((struct layout){23, false}, Q_INTD, 12345, "intd/12345");
	check((struct layout){23, false}, Q_INFO, 12345, "info/17/12345");
	check((struct layout){1, true}, Q_REMOTE, 7, "remote/0/7");
	check((struct layout){151, true}, Q_BOUNCE, 12345, "bounce/12345");
	check((struct layout){10, true}, Q_LOCAL, UINT64_MAX, "local/5/18446744073709551615");
}

static void settings(void **state)
{
	static const struct {
		const char *split, *big;
		int want;
		bool todo;
	} cases[] = {{"23", "0", 23, false}, {"0", "1", 151, true}, {"9999", "x", 151, true}, {"-5", "", 151, true}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		env_put("CONFSPLIT", cases[i].split);
		env_put("BIGTODO", cases[i].big);
		struct layout l = layout_conf();

		assert_int_equal(l.split, cases[i].want);
		assert_int_equal(l.bigtodo, cases[i].todo);
	}
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(layout_qname("/var/q/queue1"), "queue1");
	assert_string_equal(layout_qname("queue"), "queue");
}

static void each_in_turn(void **state)
{
	struct buf a = BUF_INIT, b = BUF_INIT, c = BUF_INIT;

	(void)state;
	env_unset("QUEUEDIR");
	env_put("QUEUE_BASE", "/b");
	env_put("QUEUE_START", "4");
	env_put("QUEUE_COUNT", "2");
	assert_int_equal(queue_choose(&a, NULL), 0);
	assert_int_equal(queue_choose(&b, NULL), 0);
	assert_int_equal(queue_choose(&c, NULL), 0);
	assert_string_equal(a.p, c.p);
	assert_string_not_equal(a.p, b.p);
	assert_true(str_eq(buf_str(&a), STR("/b/queue4")) || str_eq(buf_str(&a), STR("/b/queue5")));
	env_put("QUEUEDIR", "/one");
	assert_int_equal(queue_choose(&a, NULL), 0);
	assert_string_equal(a.p, "/one");
	env_unset("QUEUEDIR");
	buf_free(&a);
	buf_free(&b);
	buf_free(&c);
}

static int remember(const char *dir, void *arg)
{
	buf_fmt(arg, "%s ", layout_qname(dir));
	return 0;
}

static void walk(void **state)
{
	static const char *const made[] = {"queue1", "queue2", "queue4", "slowq"};
	char base[] = "/tmp/unit-layout.XXXXXX";
	struct buf seen = BUF_INIT, fn = BUF_INIT;

	(void)state;
	assert_non_null(mkdtemp(base));
	for (size_t i = 0; i < 4; i++) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s", base, made[i]);
		assert_int_equal(file_mkdir(fn.p, 0700), 0);
	}
	env_put("QUEUE_BASE", base);
	env_put("QUEUE_START", "1");
	env_put("QUEUE_COUNT", "5");
	assert_int_equal(queue_walk(remember, &seen, NULL), 0);
	assert_string_equal(seen.p, "queue1 queue2 slowq ");
	for (size_t i = 0; i < 4; i++) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s", base, made[i]);
		file_rmdir(fn.p);
	}
	file_rmdir(base);
	buf_free(&seen);
	buf_free(&fn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(paths), cmocka_unit_test(settings), cmocka_unit_test(names),
		cmocka_unit_test(each_in_turn), cmocka_unit_test(walk)};

	env_put("CONTROLDIR", "/nonexistent");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
