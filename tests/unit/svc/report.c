/* Unit tests of svc/report: lines and exit codes for every state, and for what is no state at all. */
#include "svc/report.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "../scratch.h"

static int reader;	/* the supervise of service "s" */

static int enter(void **state)
{
	if (scratch_enter(state) < 0)
		return -1;
	mkdir("s", 0755);
	mkdir("s/supervise", 0700);
	mkfifo("s/supervise/ok", 0600);
	reader = open("s/supervise/ok", O_RDONLY | O_NONBLOCK);
	return setenv("DISABLE_RUN", "1", 1) < 0 || reader < 0 ? -1 : 0;
}

static void check(const struct status *s, bool down_file, time_t now, const char *want, int code)
{
	unsigned char bytes[STATUS_SIZE];
	struct buf b = BUF_INIT;
	struct report r;

	status_pack(s, bytes);
	scratch_bytes("s/supervise/status", bytes, sizeof bytes);
	unlink("s/down");
	if (down_file)
		scratch_file("s/down", "");
	report_read("s", &r);
	report_text(&r, "s", now, &b);
	assert_string_equal(b.p, want);
	assert_int_equal(r.code, code);
	buf_free(&b);
}

static void states(void **state)
{
	(void)state;
	uint32_t me = (uint32_t)getpid();
	char want[100];

	snprintf(want, sizeof want, "s: up 10036 seconds pid %lu \n", (unsigned long)me);
	check(&(struct status){.since = 1000, .pid = me, .want = 'u', .up = true}, false, 11036, want, 0);
	snprintf(want, sizeof want, "s: up 0 seconds, normally down pid %lu \n", (unsigned long)me);
	check(&(struct status){.since = 1000, .pid = me, .want = 0, .up = true}, true, 990, want, 0);
	snprintf(want, sizeof want, "s: up 1 seconds, paused pid %lu \n", (unsigned long)me);
	check(&(struct status){.since = 1, .pid = me, .want = 'u', .up = true, .paused = true}, false, 2, want, 3);
	snprintf(want, sizeof want, "s: up 1 seconds, normally down, paused, want down pid %lu \n",
		(unsigned long)me);
	check(&(struct status){.since = 1, .pid = me, .want = 'd', .up = true, .paused = true}, true, 2, want, 5);
	check(&(struct status){.since = 1, .pid = 0xfffffffe, .want = 'u', .up = true}, false, 2,
		"s: up 1 seconds ?pid 4294967294 \n", 0);
	check(&(struct status){.since = 1000, .pid = 45058, .want = 'd'}, true, 11036,
		"s: down 10036 seconds spid 45058 \n", 1);
	check(&(struct status){.since = 1, .pid = 5, .want = 'd'}, false, 2,
		"s: down 1 seconds, normally up spid 5 \n", 1);
	check(&(struct status){.since = 1, .pid = 5, .want = 'u'}, false, 2,
		"s: down 1 seconds, normally up, want up spid 5 \n", 4);
	check(&(struct status){.since = 1, .pid = 5, .want = 'u', .wait = 30}, false, 5,
		"s: wait 4 seconds spid 5 remaining 26 seconds\n", 1);
	check(&(struct status){.since = 1, .pid = 5, .want = 'u', .wait = 30}, false, 99,
		"s: wait 98 seconds spid 5 remaining 0 seconds\n", 1);
	check(&(struct status){.since = 1, .pid = 5, .want = 'u', .wait = -2}, false, 5,
		"s: wait 4 seconds spid 5 \n", 1);
}

static void trouble_is(const char *dir, const char *want, int code)
{
	struct buf b = BUF_INIT;
	struct report r;

	report_read(dir, &r);
	report_text(&r, dir, 0, &b);
	assert_string_equal(b.p, want);
	assert_int_equal(r.code, code);
	buf_free(&b);
}

static void trouble(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 17, 19, 20, 22, 4096};
	char garbage[4096];

	memset(garbage, 0x40, sizeof garbage);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		scratch_bytes("s/supervise/status", garbage, sizes[i]);
		trouble_is("s", "s: unable to read supervise/status: bad format\n", 100);
	}
	memset(garbage, 0xff, sizeof garbage);
	scratch_bytes("s/supervise/status", garbage, STATUS_SIZE);
	trouble_is("s", "s: unable to read supervise/status: bad format\n", 100);
	unlink("s/supervise/status");
	trouble_is("s", "s: unable to read supervise/status: No such file or directory\n", 111);
	trouble_is("none", "none: unable to chdir: No such file or directory\n", 111);
	scratch_file("file", "");
	trouble_is("file", "file: unable to chdir: Not a directory\n", 111);
	mkdir("new", 0755);
	trouble_is("new", "new: unable to open supervise/ok: No such file or directory\n", 111);
	close(reader);
	trouble_is("s", "s: supervise not running\n", 2);
}

static void json(void **state)
{
	(void)state;
	struct report r = {.status = {.since = 100, .pid = 7, .want = 'u', .up = true}};
	struct buf b = BUF_INIT;

	report_json(&r, "/x/\"s\"", STR("\"s\""), 107, &b);
	assert_string_equal(b.p,
		"{\"dir\":\"/x/\\\"s\\\"\",\"name\":\"\\\"s\\\"\",\"state\":\"up\",\"seconds\":7,\"since\":100,"
		"\"pid\":7,\"paused\":false,\"want\":\"up\",\"normally\":\"up\",\"lost\":false,\"code\":0}");
	buf_clear(&b);
	report_read("none", &r);
	report_json(&r, "none", STR("none"), 0, &b);
	assert_string_equal(b.p, "{\"dir\":\"none\",\"name\":\"none\",\"state\":\"unknown\","
		"\"error\":\"unable to chdir: No such file or directory\",\"code\":111}");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(json),
		cmocka_unit_test(trouble),
	};

	return cmocka_run_group_tests(tests, enter, scratch_leave);
}
