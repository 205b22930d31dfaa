/* compose - every class of field: rewritten, taken out, kept, counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/mail/compose.h"

static struct str value(void *ctx, enum addr_default which)
{
	(void)ctx;
	return which == ADDR_HOST ? STR("h.d") : STR("d");
}

static void list_is(const struct buf *b, const char *want)
{
	struct buf text = BUF_INIT;

	buf_add(&text, buf_str(b));
	for (size_t i = 0; i < text.n; i++)
		if (!text.p[i])
			text.p[i] = ' ';
	assert_string_equal(text.p, want);
	buf_free(&text);
}

static void ordinary(void **state)
{
	struct compose c;
	struct err e;

	(void)state;
	compose_init(&c, value, NULL);
	assert_int_equal(compose_header(&c, STR("to: a\nCC: b@x\nbCc: c\nApparently-To: d\nFrom: e\nSender: f\n"
		"Reply-To: g\nReturn-Path: <h>\nReturn-Receipt-To: i\nErrors-To: j\nX-To: k\nContent-Length: 3\n"
		"Subject: l,\n m"), &e), 0);
	assert_string_equal(c.fields.p, "to: a@h.d\nCC: b@x.d\nApparently-To: d@h.d\nFrom: e@h.d\nSender: f@h.d\n"
		"Reply-To: g@h.d\nReturn-Receipt-To: i@h.d\nErrors-To: j@h.d\nX-To: k\nSubject: l,\n m\n");
	list_is(&c.to, "a@h.d b@x.d c@h.d d@h.d ");
	list_is(&c.visible, "a@h.d b@x.d ");
	assert_int_equal(c.seen, SEEN_TO | SEEN_CC | SEEN_FROM);
	assert_true(c.sender_given && !c.resent && !c.resent_to.n);
	assert_string_equal(c.sender.p, "h@h.d");
	compose_free(&c);
}

static void resent(void **state)
{
	struct compose c;
	struct err e;

	(void)state;
	compose_init(&c, value, NULL);
	assert_int_equal(compose_header(&c, STR("To: a\nResent-To: b\nResent-Cc: c\nResent-Bcc: d\nResent-From: e\n"
		"Resent-Sender: f\nResent-Reply-To: g\nResent-Date: x\nResent-Return-Path: <h\nDate: y\n"), &e), 0);
	assert_string_equal(c.fields.p, "To: a@h.d\nResent-To: b@h.d\nResent-Cc: c@h.d\nResent-From: e@h.d\n"
		"Resent-Sender: f@h.d\nResent-Reply-To: g@h.d\nResent-Date: x\nResent-Return-Path: <h\nDate: y\n");
	list_is(&c.resent_to, "b@h.d c@h.d d@h.d ");
	assert_true(c.resent && !c.sender_given);
	assert_int_equal(c.seen, SEEN_TO | SEEN_DATE);
	assert_int_equal(c.resent_seen, SEEN_TO | SEEN_CC | SEEN_FROM | SEEN_DATE);
	compose_free(&c);
}

static void replaced(void **state)
{
	struct compose c;
	struct err e;

	(void)state;
	compose_init(&c, value, NULL);
	c.drop_from = c.drop_id = c.ignore_path = true;
	assert_int_equal(compose_header(&c, STR("From x Thu\nFrom: broken (\nMessage-ID: y\nReturn-Path: z\n"), &e), 0);
	assert_string_equal(c.fields.p, "MBOX-Line: From x Thu\n");
	assert_true(!c.seen && !c.sender_given);
	compose_free(&c);
}

static void broken(void **state)
{
	struct compose c;
	struct err e;

	(void)state;
	compose_init(&c, value, NULL);
	assert_int_equal(compose_header(&c, STR("Subject: (\nTo: joe (\n"), &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	assert_non_null(strstr(e.text, "To: joe ("));
	compose_free(&c);
}

static void listing(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	compose_list(&b, "Mail-Followup-To", str_make("a b@c\0d@e\0", 10));
	assert_string_equal(b.p, "Mail-Followup-To: \"a b\"@c, d@e\n");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary),
		cmocka_unit_test(resent),
		cmocka_unit_test(replaced),
		cmocka_unit_test(broken),
		cmocka_unit_test(listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
