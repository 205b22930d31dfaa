/* Unit tests of core/smtp/dsn: what RFC 3461 allows, and nothing else. */
#include "core/smtp/dsn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A parameter list in both directions; NULL: malformed. */
static void check(char letter, const char *text, const char *want)
{
	struct dsn d, again;
	struct buf b = BUF_INIT;
	bool good = dsn_read(&d, letter, str_z(text));

	if (good != (want != NULL))
		fail_msg("%c %s: %s", letter, text, good ? "taken" : "refused");
	if (good) {
		dsn_write(&d, &b);
		assert_string_equal(b.p, want);
		assert_true(dsn_read(&again, letter, buf_str(&b)));
	}
	buf_free(&b);
}

static char *repeat(char *to, const char *head, char c, size_t n)
{
	strcpy(to, head);
	memset(to + strlen(head), c, n);
	to[strlen(head) + n] = 0;
	return to;
}

static void mail(void **state)
{
	char long_text[700];
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"", ""}, {"RET=FULL", "RET=FULL"}, {"ret=hdrs envid=a+2Bb", "RET=HDRS ENVID=a+2Bb"}, {"ENVID=x RET=Full", "RET=FULL ENVID=x"},
		{"ENVID=a+20b", "ENVID=a+20b"}, {"RET", NULL}, {"RET=", NULL}, {"RET=FULLX", NULL}, {"RET=FULL RET=FULL", NULL},
		{"ENVID=", NULL}, {"ENVID", NULL}, {"ENVID=a ENVID=a", NULL}, {"ENVID=a=b", NULL}, {"ENVID=a+b", NULL}, {"ENVID=a+", NULL},
		{"ENVID=a+2", NULL}, {"ENVID=a+2b", NULL}, {"ENVID=a+0A", NULL}, {"ENVID=a+7F", NULL}, {"ENVID=\303\244", NULL},
		{"ENVID=a\001", NULL}, {"NOTIFY=NEVER", NULL}, {"SIZE=5", NULL}, {"=x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check('x', rows[i].text, rows[i].want);
	check('x', repeat(long_text, "ENVID=", 'a', 100), long_text);
	check('x', repeat(long_text, "ENVID=", 'a', 101), NULL);
}

static void rcpt(void **state)
{
	char long_text[700];
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"NOTIFY=NEVER", "NOTIFY=NEVER"}, {"notify=delay,Success", "NOTIFY=SUCCESS,DELAY"},
		{"NOTIFY=SUCCESS,FAILURE,DELAY", "NOTIFY=SUCCESS,FAILURE,DELAY"}, {"NOTIFY=FAILURE", "NOTIFY=FAILURE"},
		{"ORCPT=rfc822;a@b NOTIFY=DELAY", "NOTIFY=DELAY ORCPT=rfc822;a@b"}, {"ORCPT=X-400;C+3DDE", "ORCPT=X-400;C+3DDE"},
		{"ORCPT=utf-8;\303\244@x", "ORCPT=utf-8;\\x{E4}@x"}, {"ORCPT=UTF-8;\\x{20AC}", "ORCPT=UTF-8;\\x{20AC}"},
		{"ORCPT=utf-8;\342\202\254\360\237\230\200", "ORCPT=utf-8;\\x{20AC}\\x{1F600}"},
		{"NOTIFY", NULL}, {"NOTIFY=", NULL}, {"NOTIFY=,", NULL}, {"NOTIFY=SUCCESS,", NULL}, {"NOTIFY=,DELAY", NULL},
		{"NOTIFY=NEVER,DELAY", NULL}, {"NOTIFY=DELAY,NEVER", NULL}, {"NOTIFY=DELAY,DELAY", NULL}, {"NOTIFY=ALWAYS", NULL},
		{"NOTIFY=NEVER NOTIFY=NEVER", NULL}, {"ORCPT=", NULL}, {"ORCPT=rfc822", NULL}, {"ORCPT=rfc822;", NULL}, {"ORCPT=;a@b", NULL},
		{"ORCPT=rfc 822;a", NULL}, {"ORCPT=rfc822;a+40b=", NULL}, {"ORCPT=rfc822;a+0D+0Ab", NULL}, {"ORCPT=rfc822;\303\244@x", NULL},
		{"ORCPT=utf-8;\303", NULL}, {"ORCPT=rfc822;a ORCPT=rfc822;a", NULL}, {"ORCPT=a,b;c", NULL}, {"RET=FULL", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check('y', rows[i].text, rows[i].want);
	check('y', repeat(long_text, "ORCPT=rfc822;", 'a', 493), long_text);
	check('y', repeat(long_text, "ORCPT=rfc822;", 'a', 494), NULL);
}

static void wants(void **state)
{
	(void)state;
	assert_true(dsn_wants(STR(""), DSN_FAILURE));
	assert_true(dsn_wants(STR("ORCPT=rfc822;a"), DSN_FAILURE));
	assert_false(dsn_wants(STR(""), DSN_SUCCESS));
	assert_false(dsn_wants(STR(""), DSN_DELAY));
	assert_false(dsn_wants(STR("NOTIFY=NEVER"), DSN_FAILURE));
	assert_false(dsn_wants(STR("NOTIFY=SUCCESS"), DSN_FAILURE));
	assert_true(dsn_wants(STR("NOTIFY=SUCCESS"), DSN_SUCCESS));
	assert_true(dsn_wants(STR("NOTIFY=SUCCESS,DELAY"), DSN_DELAY));
}

static void texts(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	dsn_xtext(STR("a+b=c d\303\244"), &b);
	assert_string_equal(b.p, "a+2Bb+3Dc+20d+C3+A4");
	buf_clear(&b);
	dsn_plain(STR("a+2Bb+3Dc+20d+C3+0A"), &b);
	assert_string_equal(b.p, "a+b=c d??");
	buf_clear(&b);
	dsn_plain(STR("no+xtext"), &b);
	assert_string_equal(b.p, "no+xtext");
	buf_clear(&b);
	dsn_ascii(STR("\303\244\377\n\355\240\200z"), &b);
	assert_string_equal(b.p, "\\x{E4}?????z");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(mail), cmocka_unit_test(rcpt), cmocka_unit_test(wants),
		cmocka_unit_test(texts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
