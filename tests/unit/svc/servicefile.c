/* Unit tests of svc/servicefile: the shell reads the very words that were written, comments stay comments. */
#include "svc/servicefile.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/sys/file.h"

#include "../scratch.h"

static void words(void **state)
{
	(void)state;
	static const char *const kinds[] = {"plain", "a/b-c_d.e,f:g@h%i+j=k", "", "two words", "it's", "'", "''",
		"\"", "$HOME",
		"`id`", "$(id)", "a\nb", "\\", "*", "~", ";", "#", "!x", "\303\274", "a\tb", NULL};
	struct buf script = BUF_INIT, want = BUF_INIT, got = BUF_INIT;

	buf_adds(&script, "printf '%s|' ");
	servicefile_words(&script, kinds);
	buf_adds(&script, " >got\n");
	for (int i = 0; kinds[i]; i++)
		buf_fmt(&want, "%s|", kinds[i]);
	scratch_file("script", script.p);
	assert_int_equal(system("sh script"), 0);
	assert_int_equal(file_slurp("got", &got, 10000), 0);
	assert_string_equal(got.p, want.p);
	buf_free(&script);
	buf_free(&want);
	buf_free(&got);
}

static void head(void **state)
{
	(void)state;
	struct buf b = BUF_INIT;

	setenv("TZ", "UTC", 1);
	servicefile_head(&b, "us\n1", "host\rx", 0, STR("cmd 'a\nrm -rf x'"));
	assert_string_equal(b.p,
		"#!/bin/sh\n# us?1\n# generated run script for host?x on 1 Jan 1970 00:00:00 +0000\n"
		"# by the below command\n# cmd 'a?rm -rf x'\n");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(head),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
