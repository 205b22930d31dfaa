/* Unit tests of core/conf/absent: what is missing is known only while it is certain; a file that appears, a directory
 * that changes, is another one or cannot be searched is seen in the next job. */
#include "core/conf/absent.h"

#include "core/base/buf.h"
#include "core/conf/cdb.h"
#include "core/conf/control.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "../../scratch.h"

static unsigned job = 2;
static struct buf path = BUF_INIT;

static bool missing(const char *dir, const char *name)
{
	buf_clear(&path);
	buf_fmt(&path, "%s/%s/%s", scratch_name, dir, name);
	return absent_file(path.p, ++job);
}

static void use(const char *dir)
{
	buf_clear(&path);
	buf_fmt(&path, "%s/%s", scratch_name, dir);
	env_put("CONTROLDIR", path.p);
}

/* Directories begin to count when they have been left alone for a moment. */
static void rest(void)
{
	clock_sleep_ms(60);
}

static int enter(void **state)
{
	int r = scratch_enter(state);

	mkdir("control", 0700);
	mkdir("other", 0700);
	mkdir("control/sub", 0700);
	scratch_file("control/me", "here.test\n");
	scratch_file("other/there", "x\n");
	use("control");
	rest();
	return r;
}

static void certain_only(void **state)
{
	(void)state;
	assert_true(missing("control", "nothing"));
	assert_false(missing("control", "me"));
	assert_false(missing("control", "ME"));
	/* the first job, no worker at all */
	assert_false(absent_file(path.p, 1));
	assert_false(absent_file(path.p, 0));
	/* other places, names that are none */
	assert_false(missing("other", "nothing"));
	assert_false(missing("control/sub", "nothing"));
	assert_false(missing("control", "."));
	assert_false(missing("control", ".."));
	assert_false(missing("control", ""));
	assert_false(absent_file("nothing", ++job));
	assert_false(absent_file("/nothing", ++job));
	assert_false(absent_file("./control/nothing", ++job));
	/* a name nobody can have is another error than a missing file */
	char longest[400];

	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	assert_false(missing("control", longest));
	errno = EDOM;
	assert_true(missing("control", "nothing"));
	assert_int_equal(errno, EDOM);
}

static void comes_and_goes(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		/* sometimes at rest, sometimes within a tick of the last change */
		if (i % 10 == 0)
			rest();
		missing("control", "new");
		scratch_file("control/new", "1\n");
		assert_false(missing("control", "new"));
		assert_int_equal(unlink("control/new"), 0);
		missing("control", "new");
	}
	rest();
	assert_true(missing("control", "new"));
	scratch_file("control/new", "1\n");
	assert_false(missing("control", "new"));
	rest();
	assert_false(missing("control", "new"));
	assert_int_equal(unlink("control/new"), 0);
	rest();
	assert_true(missing("control", "new"));
}

/* The next change could fall into the same tick: nothing is certain for a while. */
static void changed_just_now(void **state)
{
	(void)state;
	bool certain = true;

	/* one look must come soon enough, on a busy machine too */
	for (int i = 0; i < 200 && certain; i++) {
		scratch_file("control/brief", "1\n");
		assert_int_equal(unlink("control/brief"), 0);
		certain = missing("control", "nothing");
	}
	assert_false(certain);
	rest();
	assert_true(missing("control", "nothing"));
}

/* Times that were set back hide nothing. */
static void times_set_back(void **state)
{
	(void)state;
	struct stat st;

	assert_true(missing("control", "restored"));
	assert_int_equal(stat("control", &st), 0);
	scratch_file("control/restored", "1\n");
	assert_int_equal(utimensat(AT_FDCWD, "control", (struct timespec[]){st.st_atim, st.st_mtim}, 0), 0);
	assert_false(missing("control", "restored"));
	rest();
	assert_false(missing("control", "restored"));
	assert_int_equal(unlink("control/restored"), 0);
	rest();
}

static void ages_within_a_job(void **state)
{
	(void)state;
	assert_true(missing("control", "late"));
	scratch_file("control/late", "1\n");
	clock_sleep_ms(40);
	assert_false(absent_file(path.p, job));
	assert_int_equal(unlink("control/late"), 0);
	rest();
}

static void another_directory(void **state)
{
	(void)state;
	/* one in the place of the other */
	assert_true(missing("control", "there"));
	assert_int_equal(rename("control", "former"), 0);
	assert_int_equal(rename("other", "control"), 0);
	assert_false(missing("control", "there"));
	rest();
	assert_false(missing("control", "there"));
	assert_true(missing("control", "me"));
	assert_int_equal(rename("control", "other"), 0);
	assert_false(missing("control", "me"));	/* none at all: the open will tell */
	assert_int_equal(rename("former", "control"), 0);
	rest();
	assert_false(missing("control", "me"));
	assert_true(missing("control", "there"));

	/* a link that turns */
	assert_int_equal(symlink("control", "link"), 0);
	use("link");
	assert_true(missing("link", "there"));
	assert_false(missing("link", "me"));
	assert_int_equal(symlink("other", "link2"), 0);
	assert_int_equal(rename("link2", "link"), 0);
	assert_false(missing("link", "there"));
	assert_true(missing("link", "me"));

	/* CONTROLDIR is set anew */
	use("control");
	assert_true(missing("control", "there"));
	assert_false(missing("control", "me"));
	use("other");
	assert_false(missing("other", "there"));
	assert_true(missing("other", "me"));
	use("control");
}

static void links_count_as_there(void **state)
{
	(void)state;
	assert_int_equal(symlink("/nonexistent", "control/dangling"), 0);
	rest();
	assert_false(missing("control", "dangling"));
	assert_int_equal(unlink("control/dangling"), 0);
	rest();
}

static void who_may_not_look(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	assert_true(missing("control", "nothing"));
	/* readable, but what is in it is out of reach: that is an error to report */
	assert_int_equal(chmod("control", 0400), 0);
	rest();
	assert_false(missing("control", "nothing"));
	/* to be searched, but not to be read */
	assert_int_equal(chmod("control", 0100), 0);
	rest();
	assert_false(missing("control", "nothing"));
	assert_int_equal(chmod("control", 0700), 0);
	rest();
	assert_true(missing("control", "nothing"));
}

/* A directory of very many files is left to the kernel. */
static void too_many(void **state)
{
	(void)state;
	char fn[40];

	mkdir("large", 0700);
	for (int i = 0; i < 2100; i++) {
		snprintf(fn, sizeof fn, "large/f%d", i);
		scratch_file(fn, "");
	}
	use("large");
	rest();
	assert_false(missing("large", "nothing"));
	assert_false(missing("large", "nothing"));
	use("control");
}

/* Nobody but a worker relies on it. */
static void plain_reading(void **state)
{
	(void)state;
	struct buf line = BUF_INIT;
	struct err e = {0};
	struct cdb c;

	assert_int_equal(control_line("none", &line, &e), 0);
	scratch_file("control/none", "now\n");
	assert_int_equal(control_line("none", &line, &e), 1);
	assert_string_equal(line.p, "now");
	missing("control", "some.cdb");
	assert_int_equal(cdb_open(&c, path.p, &e), 0);
	assert_int_equal(c.fd, -1);
	buf_free(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certain_only), cmocka_unit_test(comes_and_goes), cmocka_unit_test(changed_just_now),
		cmocka_unit_test(times_set_back), cmocka_unit_test(ages_within_a_job),
		cmocka_unit_test(another_directory), cmocka_unit_test(links_count_as_there),
		cmocka_unit_test(who_may_not_look), cmocka_unit_test(too_many), cmocka_unit_test(plain_reading),
	};

	return cmocka_run_group_tests(tests, enter, scratch_leave);
}
