/* Unit tests of queue/qlog: what the typed functions write, the parser reads back; lines of older releases. */
#include "queue/qlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "queue/rate.h"

static struct buf line = BUF_INIT;
static struct qlog_line got;

/* One whole line was written: parse it without its newline. */
static void parse(enum qlog_event want)
{
	assert_true(line.n > 1 && line.p[line.n - 1] == '\n');
	assert_int_equal(str_chr(buf_str(&line), '\n'), line.n - 1);
	qlog_parse(str_to(buf_str(&line), line.n - 1), &got);
	assert_int_equal(got.event, want);
}

static void same(struct str a, const char *want)
{
	assert_true(str_eq(a, str_z(want)));
}

static void round_trip(void **state)
{
	(void)state;
	buf_clear(&line);
	qlog_new(&line, 17, "queue1");
	parse(QLOG_NEW);
	assert_int_equal(got.id, 17);
	same(got.queue, "queue1");

	buf_clear(&line);
	qlog_info(&line, 17, 512, STR("a b@c\n%"), 99, 1000, "q");
	assert_string_equal(line.p, "info msg 17: bytes 512 from <a_b@c/_> qp 99 uid 1000 q\n");
	parse(QLOG_INFO);
	assert_int_equal(got.bytes, 512);
	assert_int_equal(got.qp, 99);
	assert_int_equal(got.uid, 1000);
	same(got.sender, "a_b@c/_");
	same(got.queue, "q");

	buf_clear(&line);
	qlog_info(&line, 17, 1, STR("x> qp 5 uid 6"), 7, 8, "q");
	parse(QLOG_INFO);
	same(got.sender, "x>_qp_5_uid_6");
	assert_int_equal(got.qp, 7);

	buf_clear(&line);
	qlog_start(&line, 3, "2", 17, true, STR("r@x"), "q");
	assert_string_equal(line.p, "starting delivery 3.2: msg 17 to remote r@x q\n");
	parse(QLOG_START);
	assert_int_equal(got.delivery, 3);
	same(got.qident, "2");
	assert_true(got.remote);
	same(got.rcpt, "r@x");
	same(got.queue, "q");

	static const char letters[] = "KDZ";

	for (int i = 0; i < 3; i++) {
		buf_clear(&line);
		qlog_report(&line, 4, NULL, letters[i], STR("some text\nmore \xff"), "q");
		parse(QLOG_REPORT);
		assert_int_equal(got.letter, letters[i]);
		assert_int_equal(got.delivery, 4);
		same(got.text, "some_text/more__");
		same(got.queue, "q");
	}
	buf_clear(&line);
	qlog_mangled(&line, 5, "1", "q");
	assert_string_equal(line.p, "delivery 5.1: report mangled, will defer: q\n");
	parse(QLOG_REPORT);
	assert_int_equal(got.letter, 'Z');

	buf_clear(&line);
	qlog_bounce(&line, 17, 42, "q");
	parse(QLOG_BOUNCE);
	assert_int_equal(got.qp, 42);
	same(got.queue, "q");

	buf_clear(&line);
	qlog_end(&line, 17, "qmail-send", "q");
	assert_string_equal(line.p, "end msg 17 qmail-send: q\n");
	parse(QLOG_END);
	assert_int_equal(got.id, 17);
	same(got.queue, "q");
	buf_clear(&line);
	qlog_end(&line, 17, NULL, "q");
	assert_string_equal(line.p, "end msg 17 q\n");

	/* without the queue's name */
	buf_clear(&line);
	qlog_new(&line, 7, "");
	qlog_start(&line, 4, NULL, 7, true, STR("r@x"), "");
	qlog_mangled(&line, 5, NULL, "");
	qlog_rcpt(&line, false, STR(""), STR("r@x"), 7, 20, "", "");
	qlog_end(&line, 7, NULL, "");
	qlog_say(&line, "alert", "p", "", "text");
	assert_string_equal(line.p, "new msg 7\nstarting delivery 4: msg 7 to remote r@x\n"
		"delivery 5: report mangled, will defer:\nlocal: <> r@x 7 20 bytes\nend msg 7\nalert: p: text\n");
}

static void others(void **state)
{
	struct qlog_status s = {1, 5, 2, 10, true, false, true};

	(void)state;
	buf_clear(&line);
	qlog_rcpt(&line, false, STR(""), STR("r@x"), 17, 5, "q", "opendir mode");
	assert_string_equal(line.p, "local: <> r@x 17 5 bytes q opendir mode\n");
	parse(QLOG_RCPT);
	assert_int_equal(got.id, 17);
	assert_int_equal(got.bytes, 5);
	assert_false(got.remote);
	same(got.rcpt, "r@x");
	same(got.queue, "q");
	buf_clear(&line);
	qlog_status(&line, &s, "q");
	assert_string_equal(line.p, "status: local 1/5 (held) remote 2/10 q exitasap\n");
	parse(QLOG_STATUS);
	s.rates = true;
	s.delayed = 3;
	buf_clear(&line);
	qlog_status(&line, &s, "q");
	assert_string_equal(line.p, "status: local 1/5 (held) remote 2/10 delayed jobs=3 q exitasap\n");
	parse(QLOG_STATUS);
	buf_clear(&line);
	qlog_discard(&line, "triple", 17, "q");
	assert_string_equal(line.p, "triple bounce: discarding bounce/17 q\n");
	buf_clear(&line);
	qlog_say(&line, "warn", "qmail-send", "q", "bad %s", "name\n\033");
	assert_string_equal(line.p, "warn: qmail-send: q: bad name__\n");
}

static void rates(void **state)
{
	struct rate_verdict v = {.limited = true, .count = 7, .current = .25, .value = .5, .seconds = 9};

	(void)state;
	buf_clear(&line);
	qlog_rate(&line, STR("x.org"), 17, &v, "q");
	assert_string_equal(line.p, "info: q x.org msg 17: rate [7/0.2500000000/0.5000000000] ok since 9 secs\n");
	parse(QLOG_OTHER);
	v.wait = true;
	buf_clear(&line);
	qlog_rate(&line, STR("x\n.org"), 17, &v, "q");
	assert_string_equal(line.p,
		"warning: q x/.org msg 17: rate exceeded [7/0.2500000000/0.5000000000] need 9 secs; will try again later\n");
	parse(QLOG_OTHER);
}

/* Lines without the queue's name, and with the number only. */
static void older(void **state)
{
	(void)state;
	qlog_parse(STR("new msg 5"), &got);
	assert_int_equal(got.event, QLOG_NEW);
	assert_int_equal(got.queue.n, 0);
	qlog_parse(STR("end msg 5"), &got);
	assert_int_equal(got.event, QLOG_END);
	qlog_parse(STR("starting delivery 1: msg 5 to local a@b"), &got);
	assert_int_equal(got.event, QLOG_START);
	same(got.rcpt, "a@b");
	qlog_parse(STR("delivery 1: success: did_0+0+1/"), &got);
	assert_int_equal(got.event, QLOG_REPORT);
	same(got.text, "did_0+0+1/");
	qlog_parse(STR("info msg 5: bytes 2 from <> qp 3 uid 4"), &got);
	assert_int_equal(got.event, QLOG_INFO);
	assert_int_equal(got.uid, 4);
	qlog_parse(STR("bounce msg 5 qp 6"), &got);
	assert_int_equal(got.event, QLOG_BOUNCE);
	qlog_parse(STR("local: <> <> 17 5 bytes queue1 opendir mode"), &got);
	assert_int_equal(got.event, QLOG_RCPT);
	same(got.sender, "");
	same(got.rcpt, "");
}

static void nonsense(void **state)
{
	static const char *const bad[] = {"", "new msg x", "delivery 1 success", "starting delivery 1: msg", "info msg 5: bytes",
		"delivery 99999999999999999999999: success: x"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		qlog_parse(str_z(bad[i]), &got);
		assert_int_equal(got.event, QLOG_OTHER);
	}
}

/* Every event says the same in JSON; what needs escapes survives. */
static void json(void **state)
{
	static const char *const lines[] = {
		"new msg 17 queue1",
		"info msg 17: bytes 5 from <a\\b\"c@d> qp 6 uid 7 queue1",
		"local: <> r@x 17 5 bytes queue1 opendir mode",
		"remote: s@y r@x 17 5 bytes queue1 opendir mode",
		"starting delivery 3.2: msg 17 to remote r@x queue1",
		"delivery 3.2: deferral: a\"b\\ queue1",
		"delivery 3: success: did_0+0+1/ queue1",
		"delivery 3: failure:  queue1",
		"bounce msg 17 qp 99 queue1",
		"end msg 17 qmail-send: queue1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct qlog_line a, b;

		qlog_parse(str_z(lines[i]), &a);
		assert_int_not_equal(a.event, QLOG_OTHER);
		buf_clear(&line);
		qlog_json(str_z(lines[i]), &line);
		assert_int_equal(line.p[line.n - 1], '\n');
		qlog_parse(str_to(buf_str(&line), line.n - 1), &b);
		assert_int_equal(a.event, b.event);
		assert_int_equal(a.letter, b.letter);
		assert_int_equal(a.remote, b.remote);
		assert_true(a.id == b.id && a.delivery == b.delivery && a.bytes == b.bytes && a.qp == b.qp && a.uid == b.uid);
		assert_true(str_eq(a.sender, b.sender) && str_eq(a.rcpt, b.rcpt) && str_eq(a.text, b.text));
		assert_true(str_eq(a.queue, b.queue) && str_eq(a.qident, b.qident));
	}
	buf_clear(&line);
	qlog_json(STR("alert: \"x\""), &line);
	assert_string_equal(line.p, "{\"event\":\"text\",\"text\":\"alert: \\\"x\\\"\"}\n");
	buf_clear(&line);
	qlog_json(STR("status: local 1/2 remote 0/3 q"), &line);
	assert_string_equal(line.p, "{\"event\":\"status\",\"text\":\"local 1/2 remote 0/3 q\"}\n");
	buf_clear(&line);
	qlog_json(STR("local: <> r@x 17 5 bytes q opendir mode"), &line);
	assert_string_equal(line.p, "{\"event\":\"recipient\",\"id\":17,\"bytes\":5,\"sender\":\"\",\"channel\":\"local\","
		"\"recipient\":\"r@x\",\"queue\":\"q\"}\n");
	buf_clear(&line);
	qlog_json(STR("starting delivery 3.2: msg 17 to remote r@x q"), &line);
	assert_string_equal(line.p, "{\"event\":\"start\",\"delivery\":3,\"qident\":\"2\",\"id\":17,\"channel\":\"remote\","
		"\"recipient\":\"r@x\",\"queue\":\"q\"}\n");
}

static void bad_json(void **state)
{
	static const char *const bad[] = {"{", "{}x", "{\"id\":1", "{\"id\"}", "{\"id\":x}", "{\"id\":1,}", "{\"event\":\"new",
		"{\"event\":\"new\\", "{\"event\":\"new\" \"id\":1}", "[1]", ""};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(qlog_parse_json(str_z(bad[i]), &got));
		assert_int_equal(got.event, QLOG_OTHER);
	}
	assert_true(qlog_parse_json(STR("{\"event\":\"new\",\"id\":5,\"more\":\"\\u0041\"}"), &got));
	assert_int_equal(got.event, QLOG_NEW);
	assert_int_equal(got.id, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip), cmocka_unit_test(others), cmocka_unit_test(rates),
		cmocka_unit_test(older), cmocka_unit_test(nonsense), cmocka_unit_test(json),
		cmocka_unit_test(bad_json)};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&line);
	return r;
}
