/* Unit tests of queue/rewrite: the vectors of section 9.4. */
#include "queue/rewrite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/sys/env.h"
#include "core/sys/file.h"

static char dir[] = "/tmp/unit-rewrite.XXXXXX";

static void control(const char *name, const char *text)
{
	struct buf fn = BUF_INIT;
	struct err e;

	buf_fmt(&fn, "%s/%s", dir, name);
	if (text)
		assert_int_equal(file_replace(fn.p, str_z(text), 0600, &e), 0);
	else
		file_unlink(fn.p);
	buf_free(&fn);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	env_put("CONTROLDIR", dir);
	control("me", "me.example\n");
	control("locals", "Me.Example\nboth.example\nhack.example\n");
	control("envnoathost", "noat.example\n");
	control("percenthack", "hack.example\nhack2.example\n");
	control("virtualdomains", "virt.example:v\n.sub.example:s-x\nno.sub.example:\nann@one.example:a\nboth.example:never\n");
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"me", "locals", "envnoathost", "percenthack", "virtualdomains"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		control(names[i], NULL);
	return file_rmdir(dir);
}

static void check(const struct rewrite *r, const char *rcpt, bool remote, const char *want)
{
	struct buf out = BUF_INIT;

	assert_int_equal(rewrite_rcpt(r, str_z(rcpt), &out), remote);
	assert_string_equal(out.p, want);
	buf_free(&out);
}

static void vectors(void **state)
{
	struct rewrite r = REWRITE_INIT;
	struct err e;

	(void)state;
	assert_int_equal(rewrite_load(&r, &e), 0);
	check(&r, "a@me.example", false, "a@me.example");
	check(&r, "A@ME.EXAMPLE", false, "A@ME.EXAMPLE");
	check(&r, "a@b@me.example", false, "a@b@me.example");
	check(&r, "a", true, "a@noat.example");
	check(&r, "", true, "@noat.example");
	check(&r, "a@far.example", true, "a@far.example");
	check(&r, "a%me.example@hack.example", false, "a@me.example");
	check(&r, "a%far%hack2.example@hack.example", true, "a@far");
	check(&r, "a%b@me.example", false, "a%b@me.example");
	check(&r, "%@hack.example", true, "@");
	check(&r, "a@hack.example", false, "a@hack.example");
	check(&r, "a@virt.example", false, "v-a@virt.example");
	check(&r, "a@VIRT.example", false, "v-a@VIRT.example");
	check(&r, "a@x.sub.example", false, "s-x-a@x.sub.example");
	check(&r, "a@x.y.sub.example", false, "s-x-a@x.y.sub.example");
	check(&r, "a@sub.example", true, "a@sub.example");
	check(&r, "a@no.sub.example", true, "a@no.sub.example");
	check(&r, "ann@one.example", false, "a-ann@one.example");
	check(&r, "bob@one.example", true, "bob@one.example");
	check(&r, "a@both.example", false, "a@both.example");
	rewrite_free(&r);
}

static void everything(void **state)
{
	struct rewrite r = REWRITE_INIT;
	struct err e;

	(void)state;
	control("virtualdomains", "exc.example:\n:all\n");
	assert_int_equal(rewrite_load(&r, &e), 0);
	check(&r, "a@far.example", false, "all-a@far.example");
	check(&r, "a@exc.example", true, "a@exc.example");
	check(&r, "a@me.example", false, "a@me.example");
	control("percenthack", "");
	control("virtualdomains", "new.example:n\n");
	assert_int_equal(rewrite_reload(&r, &e), 0);
	check(&r, "a@new.example", false, "n-a@new.example");
	check(&r, "a%me.example@hack.example", false, "a@me.example");
	rewrite_free(&r);
}

static void strip(void **state)
{
	struct rewrite r = REWRITE_INIT;
	struct err e;

	(void)state;
	set_up(&(void *){NULL});
	control("virtualdomains", "virt.example:v\n.sub.example:s-x\n");
	assert_int_equal(rewrite_load(&r, &e), 0);
	assert_true(str_eq(rewrite_strip(&r, STR("v-a@virt.example")), STR("a@virt.example")));
	assert_true(str_eq(rewrite_strip(&r, STR("s-x-a-b@h.sub.example")), STR("a-b@h.sub.example")));
	assert_true(str_eq(rewrite_strip(&r, STR("w-a@virt.example")), STR("w-a@virt.example")));
	assert_true(str_eq(rewrite_strip(&r, STR("v-a@me.example")), STR("v-a@me.example")));
	assert_true(str_eq(rewrite_strip(&r, STR("noat")), STR("noat")));
	rewrite_free(&r);
}

static void missing(void **state)
{
	struct rewrite r = REWRITE_INIT;
	struct err e;

	(void)state;
	control("locals", NULL);
	assert_int_equal(rewrite_load(&r, &e), 0);
	check(&r, "a@me.example", false, "a@me.example");
	check(&r, "a@both.example", true, "a@both.example");
	control("me", NULL);
	assert_int_equal(rewrite_reload(&r, &e), -1);
	check(&r, "a@me.example", false, "a@me.example");
	rewrite_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(vectors), cmocka_unit_test(everything), cmocka_unit_test(strip),
		cmocka_unit_test(missing)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
