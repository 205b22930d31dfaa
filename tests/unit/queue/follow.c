/* Unit tests of queue/follow: which lines belong to a message. */
#include "queue/follow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static struct buf seen = BUF_INIT;

/* Number the lines that are followed, from 0; "-" in front: shown with its new msg line. */
static const char *run(struct follow *f, const char *const *all)
{
	buf_clear(&seen);
	for (int i = 0; all[i]; i++) {
		struct str s = str_z(all[i]);
		bool mine = follow_line(f, str_from(s, follow_stamp(s)));

		if (mine)
			buf_fmt(&seen, "%s%d ", f->with_before ? "-" : "", i);
		follow_keep(f, mine ? STR("") : s);
	}
	follow_free(f);
	return seen.p;
}

static const char *const lines[] = {
	/*  0 */ "new msg 5 q1",
	/*  1 */ "info msg 5: bytes 9 from <a@b> qp 70 uid 1 q1",
	/*  2 */ "remote: a@b c@d 5 9 bytes q1 opendir mode",
	/*  3 */ "starting delivery 1: msg 5 to remote c@d q1",
	/*  4 */ "status: local 0/5 remote 1/5 q1",
	/*  5 */ "starting delivery 1: msg 5 to remote x@y q2",
	/*  6 */ "delivery 1: success: other_queue/ q2",
	/*  7 */ "delivery 1: failure: no/ q1",
	/*  8 */ "bounce msg 5 qp 71 q1",
	/*  9 */ "end msg 5 qmail-send: q1",
	/* 10 */ "new msg 6 q2",
	/* 11 */ "info msg 6: bytes 9 from <> qp 71 uid 1 q2",
	/* 12 */ "starting delivery 2: msg 6 to local a@b q2",
	/* 13 */ "delivery 2: success: did_0+1+0/qp_72/ q2",
	/* 14 */ "end msg 6 qmail-send: q2",
	/* 15 */ "new msg 5 q1",
	/* 16 */ "info msg 5: bytes 9 from <> qp 72 uid 1 q1",
	/* 17 */ "end msg 5 qmail-send: q1",
	/* 18 */ "new msg 7 q1",
	/* 19 */ "info msg 7: bytes 9 from <z@z> qp 99 uid 1 q1",
	/* 20 */ "qmail-smtpd: pid 3 HELO <h> MAIL from <z@z> qp 99",
	NULL
};

static void by_qp(void **state)
{
	struct follow f = {.qp = 70, .before = BUF_INIT};

	(void)state;
	assert_string_equal(run(&f, lines), "-1 2 3 7 8 9 -11 12 13 14 -16 17 ");
	f = (struct follow){.qp = 99, .before = BUF_INIT};
	assert_string_equal(run(&f, lines), "-19 20 ");
}

static void by_id(void **state)
{
	struct follow f = {.id = 6, .before = BUF_INIT};

	(void)state;
	assert_string_equal(run(&f, lines), "10 11 12 13 14 -16 17 ");
	f = (struct follow){.id = 5, .queue = STR("q2"), .before = BUF_INIT};
	assert_string_equal(run(&f, lines), "5 6 ");
}

static void by_text(void **state)
{
	struct follow f = {.text = STR("z@z"), .before = BUF_INIT};

	(void)state;
	assert_string_equal(run(&f, lines), "-19 20 ");
	f = (struct follow){.text = STR("nobody"), .before = BUF_INIT};
	assert_string_equal(run(&f, lines), "");
}

/* Bounces of one send have one qp: each message is followed by its own. */
static void bounces(void **state)
{
	static const char *const all[] = {
		/* 0 */ "info msg 1: bytes 9 from <a@b> qp 70 uid 1 q1",
		/* 1 */ "info msg 2: bytes 9 from <c@d> qp 71 uid 1 q1",
		/* 2 */ "bounce msg 1 qp 50 q1",
		/* 3 */ "bounce msg 2 qp 50 q1",
		/* 4 */ "end msg 1 qmail-send: q1",
		/* 5 */ "end msg 2 qmail-send: q1",
		/* 6 */ "info msg 3: bytes 9 from <> qp 50 uid 1 q1",
		/* 7 */ "info msg 4: bytes 9 from <> qp 50 uid 1 q1",
		NULL};
	struct follow one = {.id = 1}, two = {.id = 2}, both = {.text = STR("@")};

	(void)state;
	assert_string_equal(run(&one, all), "0 2 4 6 ");
	assert_string_equal(run(&two, all), "1 3 5 7 ");
	assert_string_equal(run(&both, all), "0 1 2 3 4 5 6 7 ");
}

static void stamps(void **state)
{
	(void)state;
	assert_int_equal(follow_stamp(STR("@400000006928ab1b1d9f8e2c new msg 5 q")), 26);
	assert_int_equal(follow_stamp(STR("1764000000.123456 new msg")), 18);
	assert_int_equal(follow_stamp(STR("2026-11-27 03:31:27.123456789 new msg 5 queue1")), 30);
	assert_int_equal(follow_stamp(STR("new msg 5 q")), 0);
	assert_int_equal(follow_stamp(STR("")), 0);
	assert_int_equal(follow_stamp(STR("2026-11-27 ")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(by_qp), cmocka_unit_test(by_id), cmocka_unit_test(by_text),
		cmocka_unit_test(bounces), cmocka_unit_test(stamps)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
