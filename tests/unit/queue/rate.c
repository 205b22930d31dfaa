/* Unit tests of queue/rate: expressions, files, decisions, the question of a delivery. */
#include "queue/rate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/num.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"

static void expressions(void **state)
{
	static const struct {
		const char *text;
		double value;
	} good[] = {
		{"0", 0}, {"50/3600", 50.0 / 3600}, {"1790/3600+10/3600", 0.5}, {"2+3*4", 14}, {"(2+3)*4", 20}, {"-1", -1},
		{" 1 - -2 ", 3}, {"10/2/5", 1}, {"10-2-3", 5}, {".5", .5}, {"1.", 1}, {"1.25*4", 5}, {"+3", 3}, {"2*-3", -6},
		{"((((1))))", 1}, {"0.0138888889", 0.0138888889},
	};
	static const char *const bad[] = {"", " ", "x", "1x", "1+", "/2", "1/0", "0/0", "(1", "1)", "()", "1 2", "1e3", "..", ".",
		"1..2", "0x10", "inf", "nan", "1,5"};
	double v = 42;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(rate_eval(str_z(good[i].text), &v));
		assert_true(v - good[i].value < 1e-12 && good[i].value - v < 1e-12);
	}
	v = 42;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(rate_eval(str_z(bad[i]), &v));
	assert_true(v == 42);
}

static void limits(void **state)
{
	struct buf b = BUF_INIT;
	double v;

	(void)state;
	for (int i = 0; i < 400; i++)
		buf_addc(&b, '(');
	assert_false(rate_eval(buf_str(&b), &v));
	buf_clear(&b);
	for (int i = 0; i < 400; i++)
		buf_addc(&b, '-');
	buf_addc(&b, '1');
	assert_false(rate_eval(buf_str(&b), &v));
	buf_clear(&b);
	buf_addc(&b, '1');
	for (int i = 0; i < 499; i++)
		buf_adds(&b, "+1");
	assert_true(rate_eval(buf_str(&b), &v) && v == 500);
	buf_adds(&b, "+1");
	assert_false(rate_eval(buf_str(&b), &v));
	buf_clear(&b);
	for (int i = 0; i < 400; i++)
		buf_addc(&b, '9');
	assert_false(rate_eval(buf_str(&b), &v));
	buf_free(&b);
}

static void fields(void **state)
{
	struct rate r = RATE_INIT;
	struct buf b = BUF_INIT;

	(void)state;
	assert_true(rate_parse(STR("1/2\0" "7\0" "100\0" "200\0"), &r));
	assert_true(r.value == .5 && r.count == 7 && r.start == 100 && r.last == 200);
	rate_print(&r, &b);
	assert_true(str_eq(buf_str(&b), STR("1/2\0" "7\0" "100\0" "200\0")));
	assert_true(rate_parse(STR("2\n8\n101\n201\n"), &r));
	assert_true(r.value == 2 && r.count == 8 && r.start == 101 && r.last == 201);
	assert_false(rate_parse(STR("x\0" "7\0" "100\0" "200\0"), &r));
	assert_false(rate_parse(STR("1\0" "-7\0"), &r));
	assert_false(rate_parse(STR("1\0" "99999999999999999999\0"), &r));
	assert_int_equal(r.count, 8);
	assert_true(rate_parse(STR("3"), &r) && r.value == 3 && r.count == 0);
	assert_true(rate_parse(STR(""), &r) && r.value < 0 && !r.expr.n);
	buf_free(&b);
	rate_free(&r);
}

static void decisions(void **state)
{
	struct rate r = RATE_INIT;

	(void)state;
	/* one in ten seconds */
	assert_true(rate_parse(STR("1/10"), &r));
	struct rate_verdict v = rate_judge(&r, 1000, 100);

	assert_true(v.limited && !v.wait && v.current == 0 && v.seconds == 0);
	rate_count(&r, 1000);
	assert_true(r.count == 1 && r.start == 1000 && r.last == 1000);
	v = rate_judge(&r, 1004, 100);
	assert_true(v.wait && v.current == .25 && v.seconds == 6);
	v = rate_judge(&r, 1010, 100);
	assert_true(!v.wait && v.seconds == 0);
	v = rate_judge(&r, 1013, 100);
	assert_true(!v.wait && v.seconds == 3);
	/* the interval counts from the last delivery */
	v = rate_judge(&r, 1100, 100);
	assert_true(r.count == 1 && r.start == 1000);
	v = rate_judge(&r, 1101, 100);
	assert_true(!v.wait && r.count == 0 && r.start == 1101);
	/* a clock that was set back */
	rate_count(&r, 1101);
	v = rate_judge(&r, 900, 100);
	assert_true(r.count == 0 && r.start == 900);
	/* a wait is rounded up, and no longer than the interval */
	assert_true(rate_parse(STR("3/10\0" "1\0" "1000\0" "1000\0"), &r));
	v = rate_judge(&r, 1001, 100);
	assert_true(v.wait && v.seconds == 3);
	assert_true(rate_parse(STR("1/1000000\0" "1\0" "1000\0" "1000\0"), &r));
	v = rate_judge(&r, 1001, 100);
	assert_true(v.wait && v.seconds == 100);
	rate_free(&r);
}

static void special(void **state)
{
	struct rate r = RATE_INIT;

	(void)state;
	assert_true(rate_parse(STR("0"), &r));
	struct rate_verdict v = rate_judge(&r, 1000, 100);

	assert_true(v.wait && v.seconds == 100);
	assert_true(rate_parse(STR("-1\0" "500\0" "1000\0" "1000\0"), &r));
	v = rate_judge(&r, 1001, 100);
	assert_true(!v.wait && v.current == 500);
	rate_free(&r);
}

static void names(void **state)
{
	(void)state;
	assert_true(rate_name_good(STR("x.org")));
	assert_true(rate_name_good(STR(".global")));
	static const char *const bad[] = {"", ".", "..", ".x", "../x", "a/b", "ratecontrol", "x.1.tmp", "a b", "a\nb", "a\177"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(rate_name_good(str_z(bad[i])));
}

/* ---- a directory ------------------------------------------------------------------------------ */

static char dir[] = "/tmp/unit-rate.XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	struct dir d;
	const char *name;

	(void)state;
	if (dir_open(&d, ".") == 0) {
		while (dir_next(&d, &name) > 0)
			unlink(name);
		dir_close(&d);
	}
	return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static void put(const char *fn, struct str text)
{
	assert_int_equal(file_replace(fn, text, 0640, NULL), 0);
}

static unsigned long count(const char *fn)
{
	struct rate r = RATE_INIT;

	assert_int_equal(rate_read(fn, &r, NULL), 0);
	unsigned long n = r.count;

	rate_free(&r);
	return n;
}

static bool goes(const char *address, time_t now)
{
	struct rate_verdict v;

	assert_int_equal(rate_ask(".", str_z(address), now, &v, NULL), 0);
	return !v.wait;
}

static void asked(void **state)
{
	struct rate_verdict v;
	struct stat st;

	(void)state;
	assert_int_equal(rate_ask(".", STR("u@x.org"), 1000, &v, NULL), 0);
	assert_false(v.limited || v.wait);
	put("x.org", STR("1/10"));
	assert_true(goes("u@x.org", 1000));
	assert_int_equal(count("x.org"), 1);
	assert_false(goes("u@X.ORG", 1001));
	assert_int_equal(count("x.org"), 1);
	assert_true(goes("u@x.org", 1010));
	assert_int_equal(stat("x.org", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	/* an alias is the same domain, and stays a link */
	assert_int_equal(symlink("x.org", "y.org"), 0);
	assert_false(goes("u@y.org", 1011));
	assert_true(goes("u@y.org", 1030));
	assert_int_equal(count("x.org"), 3);
	assert_true(lstat("y.org", &st) == 0 && S_ISLNK(st.st_mode));
}

static void patterns(void **state)
{
	(void)state;
	put("ratecontrol", STR("# comment\n*.edu:1/10\nz.*:1/5+1/5\n"));
	assert_true(goes("u@a.edu", 1000));
	assert_false(goes("u@b.edu", 1001));	/* one counter per line */
	assert_true(goes("u@z.example", 1000));
	assert_int_equal(count(".rate.%2A.edu"), 1);
	assert_int_equal(count(".rate.z.%2A"), 1);
	assert_true(goes("u@other.example", 1001));
	put(".global", STR("1/10"));
	assert_true(goes("u@other.example", 1001));
	assert_false(goes("u@another.example", 1002));
	assert_false(goes("nodomain", 1002));
	unlink(".global");
	put("ratecontrol", STR("*.edu:many\n"));
	struct rate_verdict v;
	struct err e = {0};

	assert_int_equal(rate_ask(".", STR("u@a.edu"), 1000, &v, &e), -1);
	assert_non_null(strstr(e.text, "many"));
	unlink("ratecontrol");
}

static void hostile(void **state)
{
	struct rate_verdict v;
	struct err e = {0};

	(void)state;
	put("ratecontrol", STR("never.example:1\n"));
	static const char *const strange[] = {"u@../x.org", "u@ratecontrol", "u@.global", "u@", "u@.", "u@..", "u@x.org/"};
	for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
		assert_true(goes(strange[i], 5000));
	unlink("ratecontrol");
	assert_int_equal(symlink("../etc/passwd", "out.org"), 0);
	assert_int_equal(rate_ask(".", STR("u@out.org"), 1000, &v, &e), -1);
	assert_int_equal(symlink("loop.org", "loop.org"), 0);
	assert_int_equal(rate_ask(".", STR("u@loop.org"), 1000, &v, &e), -1);
	assert_int_equal(symlink("nowhere.org", "dangling.org"), 0);
	assert_true(goes("u@dangling.org", 1000));
	put("bad.org", STR("what?\0"));
	assert_int_equal(rate_ask(".", STR("u@bad.org"), 1000, &v, &e), -1);
	assert_int_equal(e.class, ERR_TEMP);
}

static void locked(void **state)
{
	struct rate_verdict v;
	struct err e = {0};

	(void)state;
	put("l.org", STR("1"));
	int fd = file_open("l.org", O_RDWR, 0);

	assert_int_equal(lock_exclusive(fd), 0);
	assert_int_equal(rate_ask(".", STR("u@l.org"), 1000, &v, &e), -1);
	assert_int_equal(e.num, EWOULDBLOCK);
	fd_close(fd);
	assert_true(goes("u@l.org", 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions), cmocka_unit_test(limits), cmocka_unit_test(fields), cmocka_unit_test(decisions),
		cmocka_unit_test(special), cmocka_unit_test(names), cmocka_unit_test(asked), cmocka_unit_test(patterns),
		cmocka_unit_test(hostile), cmocka_unit_test(locked),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
