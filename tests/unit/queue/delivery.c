/* Unit tests of queue/delivery: header lines, From_ line, variables, loops, what SANITIZE_ENV leaves. */
#include "queue/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

static struct delivery make(const char *local, const char *ext, const char *host, const char *sender)
{
	struct delivery d = DELIVERY_INIT;

	d.user = "joe";
	d.home = "/home/joe";
	d.local = local;
	d.dash = "-";
	d.ext = ext;
	d.host = host;
	d.sender = sender;
	d.dflt = "";
	d.qqeh = "";
	delivery_lines(&d);
	return d;
}

static void done(struct delivery *d)
{
	buf_free(&d->dtline);
	buf_free(&d->rpline);
}

static void header_lines(void **state)
{
	struct delivery d = make("a\nBcc: x", "", "h", "s \"t@x");

	(void)state;
	assert_string_equal(d.dtline.p, "Delivered-To: a_Bcc: x@h\n");
	assert_string_equal(d.rpline.p, "Return-Path: <\"s \\\"t\"@x>\n");
	done(&d);
	d = make("a", "", "h", "");
	assert_string_equal(d.rpline.p, "Return-Path: <>\n");
	done(&d);
}

static void from_line(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	delivery_from_line(&b, "a b\tc\nd@x", 0);
	assert_string_equal(b.p, "From a-b-c-d@x Thu Jan 01 00:00:00 1970\n");
	buf_clear(&b);
	delivery_from_line(&b, "", 1000000000);
	assert_string_equal(b.p, "From MAILER-DAEMON Sun Sep 09 01:46:40 2001\n");
	buf_free(&b);
}

static void is(const char *name, const char *want)
{
	const char *got = conf_getenv(name);

	assert_non_null(got);
	assert_string_equal(got, want);
}

static void variables(void **state)
{
	struct delivery d = make("joe-a-b--c", "a-b--c", "one.two.three", "s@x");

	(void)state;
	env_put("SPAMFILTER", "1");
	env_put("DEFAULT", "1");
	delivery_export(&d);
	is("EXT2", "b--c");
	is("EXT3", "-c");
	is("EXT4", "c");
	is("HOST2", "one.two");
	is("HOST3", "one");
	is("HOST4", "one");
	is("RECIPIENT", "joe-a-b--c@one.two.three");
	assert_null(conf_getenv("SPAMFILTER"));
	assert_null(conf_getenv("DEFAULT"));
	done(&d);
}

static void sanitize(void **state)
{
	(void)state;
	env_put("A", "1");
	env_put("B", "2");
	env_put("MESSID", "3/4");
	env_put("SANITIZE_ENV", "A::NONE");
	delivery_sanitize();
	is("A", "1");
	is("MESSID", "3/4");
	assert_null(conf_getenv("B"));
	assert_null(conf_getenv("SANITIZE_ENV"));
	env_put("B", "2");
	delivery_sanitize();
	is("B", "2");
}

static int loops(const char *text, long max)
{
	struct delivery d = make("a", "", "h", "");
	struct err e;
	int fd = file_temp("/tmp");

	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	int r = delivery_loops(&d, fd, max, &e);

	fd_close(fd);
	done(&d);
	return r;
}

static void loop_check(void **state)
{
	char *big = malloc(300000);

	(void)state;
	assert_int_equal(loops("", 0), 0);
	assert_int_equal(loops("Delivered-To: a@h\n", 0), 1);
	assert_int_equal(loops("Delivered-To: a@h\n", 1), 0);
	assert_int_equal(loops("Delivered-To: a@h\n", -1), 0);
	assert_int_equal(loops("Delivered-To: a@h2\nDelivered-To: b@h\n", 0), 0);
	assert_int_equal(loops("X: 1\n\nDelivered-To: a@h\n", 0), 0);
	/* behind a line longer than any buffer */
	memset(big, 'x', 299000);
	strcpy(big + 299000, "\nDelivered-To: a@h\n");
	assert_int_equal(loops(big, 0), 1);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_lines),
		cmocka_unit_test(from_line),
		cmocka_unit_test(variables),
		cmocka_unit_test(sanitize),
		cmocka_unit_test(loop_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
