/* Unit tests of core/mail/mime and mimeparam: the parts of a message in order, their names, and the limits. */
#include "core/mail/mime.h"

#include "core/mail/mimeparam.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static struct buf told = BUF_INIT;

static int name(void *ctx, struct str s, struct err *e)
{
	(void)ctx;
	buf_fmt(&told, "<%.*s>", STR_FMT(s));
	return str_eq(s, STR("stop")) ? err_code(e, 34, 0, "stopped") : 0;
}

static int begin(void *ctx, struct err *e)
{
	(void)ctx;
	(void)e;
	buf_addc(&told, '[');
	return 0;
}

static int data(void *ctx, struct str s, struct err *e)
{
	(void)ctx;
	(void)e;
	buf_add(&told, s);
	return 0;
}

static int end(void *ctx, struct err *e)
{
	(void)ctx;
	(void)e;
	buf_addc(&told, ']');
	return 0;
}

static int walk(struct str text, struct err *e)
{
	static const struct mime_calls calls = {name, begin, data, end};
	int fd = file_temp("/tmp");

	buf_clear(&told);
	assert_true(fd >= 0 && fd_write_all(fd, text.p, text.n) == 0 && fd_seek(fd, 0) == 0);
	int r = mime_walk(fd, &calls, NULL, e);

	fd_close(fd);
	return r;
}

static void gives(const char *text, const char *want)
{
	struct err e = {0};

	assert_int_equal(walk(str_z(text), &e), 0);
	assert_string_equal(told.p, want);
}

static void simple(void **state)
{
	(void)state;
	gives("", "[]");
	gives("A: b\n\nbody\nmore", "[body\nmore]");
	gives("A: b\r\n\r\nbody\r\n", "[body\r\n]");
	gives("no header\nat all\n", "[no header\nat all\n]");
	gives("Content-Transfer-Encoding: base64\n\naGVsbG8\n", "[hello]");
	gives("CONTENT-TYPE: text/plain; NAME=a.exe\n\nx", "<a.exe>[x]");
	gives("Content-Type: multipart/mixed\n\n--x\nno boundary\n", "[--x\nno boundary\n]");
}

static void parts(void **state)
{
	(void)state;
	gives("Content-Type: multipart/mixed;\n boundary=\"b b\"\n\npreamble\n--b b\n\none\n--b b  \r\n"
		"Content-Disposition: attachment; filename=two\n\ntwo\n--b bb\n--b b--\nepilogue\n",
		"[one\n]<two>[two\n--b bb\n]");
	/* levels: the outer boundary ends the inner parts, too */
	gives("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n"
		"--o\n\ny\n--i\n--o--\n", "[x\n][y\n--i\n]");
	gives("Content-Type: message/rfc822\n\nSubject: s\nContent-Type: multipart/x; boundary=q\n\n--q\n\nz\n--q--\n", "[z\n]");
	gives("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n", "[hello]");
	gives("A: b\n\ntext\nbegin 644 a b.com\n%:&5L;&\\\n`\nend\nmore\nbegin 1 no\nbegin 0755 c\n`\n",
		"[text\n]<a b.com>[hello]<c>[]");
	gives("Content-Type: multipart/x; boundary=q\n\n--q", "[]");
}

static void names(void **state)
{
	(void)state;
	gives("Content-Type: a/b; x=y; name = \"a\\\"b;c\" ; name=d\n\n", "<a\"b;c><d>[]");
	gives("Content-Disposition: x; filename*0=\"long\"; filename*1*=%2eexe\n\n", "<long.exe>[]");
	gives("Content-Disposition: x; filename*=utf-8'de'%C3%BC%2e\n\n", "<\xc3\xbc.>[]");
	gives("Content-Type: a/b;\n\tname=\"=?utf-8?Q?a=2E?=\n =?us-ascii?b?ZXhl?=\"\n\n", "<a.exe>[]");
	gives("Content-Type: a/b; name=\"=?x?z?y?=\"; ;;=;name\n\n", "<=?x?z?y?=>[]");
	gives("Content-Type: a/b; name=\"open\n\n", "<open>[]");
}

static void limits(void **state)
{
	struct buf b = BUF_INIT;
	struct err e = {0};

	(void)state;
	assert_int_equal(walk(STR("Content-Type: a/b; name=stop\n\n"), &e), -1);
	assert_int_equal(e.code, 34);
	for (int i = 0; i <= MIME_DEPTH; i++)
		buf_fmt(&b, "Content-Type: multipart/mixed; boundary=b%dx\n\n--b%dx\n", i, i);
	assert_int_equal(walk(buf_str(&b), &e), -1);
	assert_int_equal(e.class, ERR_PERM);
	buf_clear(&b);
	buf_adds(&b, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i <= MIME_PARTS; i++)
		buf_adds(&b, "--b\n\nx\n");
	assert_int_equal(walk(buf_str(&b), &e), -1);
	buf_clear(&b);
	for (int i = 0; i <= MIME_PARTS; i++)
		buf_adds(&b, "Content-Type: message/rfc822\n\n");
	assert_int_equal(walk(buf_str(&b), &e), -1);
	/* long lines come in pieces; only at the start of one is there a boundary */
	buf_clear(&b);
	buf_adds(&b, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n");
	for (int i = 0; i < 100000; i++)
		buf_adds(&b, "--b ");
	buf_adds(&b, "\n--b--\n");
	assert_int_equal(walk(buf_str(&b), &e), 0);
	assert_int_equal(told.n, 400003);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple),
		cmocka_unit_test(parts),
		cmocka_unit_test(names),
		cmocka_unit_test(limits),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&told);
	return r;
}
