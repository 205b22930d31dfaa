/* Unit tests of queue/outcome: status codes, hosts and diagnostics out of delivery reports. */
#include "queue/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void statuses(void **state)
{
	static const struct {
		enum outcome_action action;
		const char *text, *want;
	} rows[] = {
		{OUTCOME_FAILED, "no such user\n", "5.0.0"}, {OUTCOME_FAILED, "gone (#5.1.1)\n", "5.1.1"},
		{OUTCOME_FAILED, "a (#4.2.2) b (#5.7.10)\n", "5.7.10"}, {OUTCOME_FAILED, "a (#9.2.2) (#5.1) (#5.1.) (#5.1234.1)\n", "5.0.0"},
		{OUTCOME_FAILED, "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no\nGiving up on 192.0.2.1.\n", "5.1.1"},
		{OUTCOME_FAILED, "Remote host said: 550-5.7.1 a\n550 5.7.1 b\n", "5.7.1"},
		{OUTCOME_FAILED, "Remote host said: 550 no (#5.6.7)\n", "5.6.7"}, {OUTCOME_FAILED, "Remote host said: 550 2.0.0\n", "5.0.0"},
		{OUTCOME_FAILED, "nobody there (#4.4.1)\n\n" OUTCOME_TOO_OLD "\n", "4.4.7"},
		{OUTCOME_FAILED, "Remote host said: 452 4.2.2 full\n\n" OUTCOME_TOO_OLD "\n", "4.2.2"},
		{OUTCOME_FAILED, "", "5.0.0"}, {OUTCOME_FAILED, "Remote host said: ", "5.0.0"}, {OUTCOME_FAILED, "(#", "5.0.0"},
		{OUTCOME_FAILED, "(#5", "5.0.0"}, {OUTCOME_FAILED, "(#5.1.1", "5.1.1"},
		{OUTCOME_DELAYED, "(#4.4.1)", "4.4.1"}, {OUTCOME_DELAYED, "(#5.4.1)", "4.0.0"}, {OUTCOME_DELAYED, "later", "4.0.0"},
		{OUTCOME_DELIVERED, "(#5.1.1)", "2.0.0"}, {OUTCOME_RELAYED, "250 2.1.5", "2.0.0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct outcome o = {.text = str_z(rows[i].text), .action = rows[i].action};
		struct buf b = BUF_INIT;

		outcome_status(&o, &b);
		assert_string_equal(b.p, rows[i].want);
		buf_free(&b);
	}
}

static void fields(void **state)
{
	static const struct {
		struct outcome o;
		const char *want;
	} rows[] = {
		{{{"a@b", 3}, {"", 0}, {"no\nsuch\n", 8}, OUTCOME_FAILED},
			"Final-Recipient: rfc822;a@b\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: X-Indimail; no such\n"},
		{{{"a\303\244@b", 5}, {"ORCPT=rfc822;A+20B NOTIFY=FAILURE", 33}, {"", 0}, OUTCOME_FAILED},
			"Original-Recipient: rfc822;A B\nFinal-Recipient: utf-8;a\\x{E4}@b\nAction: failed\nStatus: 5.0.0\n"},
		{{{"a\nb: c@b", 8}, {"", 0}, {"", 0}, OUTCOME_DELIVERED},
			"Final-Recipient: rfc822;a?b: c@b\nAction: delivered\nStatus: 2.0.0\n"},
		{{{"a@b", 3}, {"", 0}, {"Connected to 2001:db8::1 but died. (#4.4.2)\n", 43}, OUTCOME_DELAYED},
			"Final-Recipient: rfc822;a@b\nAction: delayed\nStatus: 4.4.2\nRemote-MTA: dns; [2001:db8::1]\n"
			"Diagnostic-Code: X-Indimail; Connected to 2001:db8::1 but died. (#4.4.2)\n"},
		{{{"a@b", 3}, {"", 0}, {"evil does not like recipient.\nRemote host said: 550-x\001\n550 y\nmore\n", 66}, OUTCOME_FAILED},
			"Final-Recipient: rfc822;a@b\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550-x? 550 y\n"},
		{{{"a@b", 3}, {"", 0}, {"From: <s> RCPT: <r> 192.0.2.7 accepted message - Protocol SMTP.\nRemote host said: 250 ok\n", 89},
			OUTCOME_RELAYED},
			"Final-Recipient: rfc822;a@b\nAction: relayed\nStatus: 2.0.0\nRemote-MTA: dns; [192.0.2.7]\n"
			"Diagnostic-Code: smtp; 250 ok\n"},
		{{{"a@b", 3}, {"", 0}, {"Giving up on 192.0.2.7.\n", 24}, OUTCOME_FAILED},
			"Final-Recipient: rfc822;a@b\nAction: failed\nStatus: 5.0.0\nRemote-MTA: dns; [192.0.2.7]\n"
			"Diagnostic-Code: X-Indimail; Giving up on 192.0.2.7.\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = BUF_INIT;

		outcome_fields(&rows[i].o, &b);
		assert_string_equal(b.p, rows[i].want);
		buf_free(&b);
	}
}

/* A line is never too long for a header, whatever a host says. */
static void long_reply(void **state)
{
	struct buf text = BUF_INIT, b = BUF_INIT;

	(void)state;
	buf_adds(&text, "Remote host said: 550 ");
	for (int i = 0; i < 5000; i++)
		buf_addc(&text, 'x');
	struct outcome o = {.text = buf_str(&text)};

	outcome_fields(&o, &b);
	for (struct str rest = buf_str(&b); rest.p; )
		assert_true(str_cut(&rest, '\n').n < 998);
	buf_free(&text);
	buf_free(&b);
}

static void paragraphs(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	outcome_paragraph(STR("a\nb@c"), STR("\none\n\n\ntwo\n\n"), &b);
	assert_string_equal(b.p, "<a_b@c>:\n/\none\n/\n/\ntwo\n\n");
	buf_clear(&b);
	outcome_paragraph(STR("a@c"), STR(""), &b);
	assert_string_equal(b.p, "<a@c>:\n\n");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(statuses), cmocka_unit_test(fields), cmocka_unit_test(long_reply),
		cmocka_unit_test(paragraphs)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
