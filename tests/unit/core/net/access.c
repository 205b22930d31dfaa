/* Unit tests of core/net/access: the search order, compiled and as text; changes of the file; damage. */
#include "core/net/access.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../scratch.h"

#include "core/conf/cdb.h"
#include "core/net/rule.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/file.h"

static struct cdb_make maker;

static int put(void *ctx, struct str key, struct str data)
{
	(void)ctx;
	return cdb_make_add(&maker, key, data, NULL);
}

static void compile(const char *fn, const char *text)
{
	int fd = file_open("tmp", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct str rest = str_z(text);

	assert_int_equal(cdb_make_begin(&maker, fd), 0);
	while (rest.p)
		assert_true(rule_parse(str_cut(&rest, '\n'), put, NULL) <= RULE_OK);
	assert_int_equal(cdb_make_end(&maker, NULL), 0);
	close(fd);
	assert_int_equal(rename("tmp", fn), 0);
}

static const char *found(struct access *a, const char *ip, const char *info, const char *host)
{
	static struct buf key = BUF_INIT;
	struct buf data = BUF_INIT;
	struct err e = {0};
	int r = access_find(a, &(struct access_who){ip, info, host}, &key, &data, &e);

	buf_free(&data);
	return r < 0 ? "error" : r ? key.p : "none";
}

static const char all[] = "joe@1.2.3.4:allow\njoe@=a.b.test:deny\n1.2.3.4:allow,A=\"1\"\n=a.b.test:deny\n1.2.3.:allow\n1.2.:allow\n"
	"1.:deny\n9.8.7.6/31:allow\n9.8.0.0/17:deny\n128.0/1:allow\n=.b.test:deny\n=.test:allow\n=:deny\n:allow\n"
	"joe@2001:db8::1:deny\n2001:db8::2:deny\n2001:0db8:0000:0000:0000:0000:0000:0003:allow\n2001:db8::/32:deny\n"
	"2001:db8:1::/48:allow\n1.2.3.4:deny\n";

static void order(struct access *a)
{
	struct err e = {0};

	assert_int_equal(access_refresh(a, &e), 0);
	assert_string_equal(found(a, "1.2.3.4", "joe", "a.b.test"), "joe@1.2.3.4");
	assert_string_equal(found(a, "1.2.3.4", "JOE", NULL), "joe@1.2.3.4");
	assert_string_equal(found(a, "1.2.3.5", "joe", "A.B.Test"), "joe@=a.b.test");
	assert_string_equal(found(a, "1.2.3.4", "ann", "a.b.test"), "1.2.3.4");
	assert_string_equal(found(a, "::ffff:1.2.3.4", NULL, NULL), "1.2.3.4");
	assert_string_equal(found(a, "1.2.3.5", NULL, "a.b.test"), "=a.b.test");
	assert_string_equal(found(a, "1.2.3.5", NULL, "x.b.test"), "1.2.3.");
	assert_string_equal(found(a, "1.2.4.5", NULL, NULL), "1.2.");
	assert_string_equal(found(a, "1.3.4.5", NULL, NULL), "1.");
	assert_string_equal(found(a, "9.8.7.7", NULL, NULL), "_0000e00h0000m00000000vwx0000045");
	assert_string_equal(found(a, "8.8.7.7", NULL, "x.b.test"), "=.b.test");
	assert_string_equal(found(a, "8.8.7.7", NULL, "b.test"), "=.test");
	assert_string_equal(found(a, "200.8.7.7", NULL, "b.test"), "_a");
	assert_string_equal(found(a, "8.8.7.7", NULL, "other"), "=");
	assert_string_equal(found(a, "8.8.7.7", NULL, NULL), "");
	assert_string_equal(found(a, "2001:db8::1", "joe", NULL), "joe@2001:0db8:0000:0000:0000:0000:0000:0001");
	assert_string_equal(found(a, "2001:db8:0::2", NULL, NULL), "2001:db8::2");
	assert_string_equal(found(a, "2001:db8::3", NULL, NULL), "2001:0db8:0000:0000:0000:0000:0000:0003");
	assert_int_equal(strlen(found(a, "2001:db8::4", NULL, NULL)), 33);
	assert_int_equal(strlen(found(a, "2001:db8:1::4", NULL, NULL)), 49);
	assert_string_equal(found(a, "2001:db9::4", NULL, NULL), "");
	assert_string_equal(found(a, "", NULL, NULL), "");
	assert_string_equal(found(a, "1.2.x", NULL, NULL), "1.2.");
}

static void orders(void **state)
{
	struct access *a = access_open("rules.cdb", false), *t = access_open("rules", false);

	(void)state;
	compile("rules.cdb", all);
	scratch_file("rules", all);
	order(a);
	order(t);
	access_close(a);
	access_close(t);
	/* too large to be kept in memory */
	a = access_open("large", false);
	compile("large", all);
	assert_int_equal(truncate("large", (1 << 20) + 1), 0);
	order(a);
	unlink("large");
	assert_string_equal(found(a, "1.2.3.4", NULL, NULL), "error");
	access_close(a);
}

static void old(const char *fn)
{
	assert_int_equal(file_mtime(fn, clock_now() - 10), 0);
}

static void changes(void **state)
{
	struct access *a = access_open("text", false);
	struct err e = {0};

	(void)state;
	assert_int_equal(access_refresh(a, &e), -1);
	assert_int_equal(e.num, ENOENT);
	assert_string_equal(found(a, "1.2.3.4", NULL, NULL), "none");
	scratch_file("text", "1.2.3.4:deny\n");
	assert_int_equal(access_refresh(a, &e), 0);
	assert_string_equal(found(a, "1.2.3.4", NULL, NULL), "1.2.3.4");
	/* somebody is writing it */
	scratch_file("text", "");
	assert_int_equal(access_refresh(a, &e), 0);
	assert_string_equal(found(a, "1.2.3.4", NULL, NULL), "1.2.3.4");
	old("text");
	assert_int_equal(access_refresh(a, &e), 0);
	assert_string_equal(found(a, "1.2.3.4", NULL, NULL), "none");
	/* a mistake */
	scratch_file("text", "1.2.3.:deny\n\nnonsense\n");
	old("text");
	assert_int_equal(access_refresh(a, &e), 1);
	assert_string_equal(e.text, "text: line 3");
	assert_int_equal(access_refresh(a, &e), 0);
	assert_string_equal(found(a, "1.2.3.4", NULL, NULL), "none");
	/* put in place whole, and compiled this time */
	compile("text", "1.2.3.:deny\n");
	assert_int_equal(access_refresh(a, &e), 0);
	assert_string_equal(found(a, "1.2.3.4", NULL, NULL), "1.2.3.");
	assert_int_equal(unlink("text"), 0);
	assert_int_equal(access_refresh(a, &e), -1);
	access_close(a);
	a = access_open("text", true);
	assert_int_equal(access_refresh(a, &e), 0);
	assert_string_equal(found(a, "1.2.3.4", NULL, NULL), "none");
	access_close(a);
}

static void damage(void **state)
{
	static const char text[] = "1.2.3.4:allow\n";
	struct access *a = access_open("bad.cdb", true), *b = access_open("bad", true);
	struct err e = {0};

	(void)state;
	scratch_file("bad.cdb", text);	/* the name says it is compiled */
	assert_int_equal(access_refresh(a, &e), -1);
	assert_int_equal(access_refresh(a, &e), -1);
	compile("bad.cdb", text);
	assert_int_equal(access_refresh(a, &e), 0);
	assert_int_equal(truncate("bad.cdb", 2060), 0);
	assert_int_equal(access_refresh(a, &e), 1);
	assert_string_equal(found(a, "1.2.3.4", NULL, NULL), "1.2.3.4");
	scratch_file("bad", "1.2.3.4:permit\n");
	assert_int_equal(access_refresh(b, &e), -1);
	scratch_file("bad", "");
	assert_int_equal(access_refresh(b, &e), 0);
	access_close(a);
	access_close(b);
}

static void applying(void **state)
{
	long per_ip = 20;

	(void)state;
	env_put("GONE", "x");
	assert_true(access_apply(STR("+A=b=c\0-GONE\0+MAXPERIP=7\0"), &per_ip));
	assert_string_equal(getenv("A"), "b=c");
	assert_null(getenv("GONE"));
	assert_int_equal(per_ip, 7);
	assert_false(access_apply(STR("D\0+A=no\0"), &per_ip));
	assert_string_equal(getenv("A"), "b=c");
	assert_true(access_apply(STR("+MAXPERIP=many\0+A=\0"), &per_ip));
	assert_int_equal(per_ip, 7);
	assert_string_equal(getenv("A"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(orders), cmocka_unit_test(changes), cmocka_unit_test(damage),
		cmocka_unit_test(applying)};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
