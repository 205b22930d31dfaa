/* Unit tests of core/sys/watch: what happens in a directory, and that it goes. */
#include "core/sys/watch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

#include "../../scratch.h"

/* Letters: what happened, D for a directory, the name. */
static void note(const struct watch_event *ev, void *arg)
{
	buf_fmt(arg, "%c%s%.*s ", "CDOXFTEL"[ev->kind], ev->dir ? "D" : "", STR_FMT(ev->name));
}

static void events(void **state)
{
	(void)state;
	struct buf seen = BUF_INIT;
	int fd = watch_open(), id;

	assert_true(fd >= 0);
	assert_int_equal(watch_add(fd, "none"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(file_mkdir("w", 0755), 0);
	id = watch_add(fd, "w");
	assert_true(id >= 0);
	assert_int_equal(watch_add(fd, "./w"), id);
	assert_int_equal(fd_wait(fd, POLLIN, 0), 0);
	assert_int_equal(file_mkdir("w/d", 0755), 0);
	scratch_file("w/f", "x");
	assert_int_equal(file_rename("w/f", "w/g"), 0);
	assert_int_equal(file_unlink("w/g"), 0);
	assert_int_equal(file_rmdir("w/d"), 0);
	assert_int_equal(watch_read(fd, note, &seen), 0);
	assert_string_equal(seen.p, "CDd Cf Of Xf Ff Tg Dg DDd ");
	buf_clear(&seen);
	assert_int_equal(file_rmdir("w"), 0);
	assert_int_equal(watch_read(fd, note, &seen), 0);
	assert_string_equal(seen.p, "E ");
	buf_free(&seen);
	fd_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(events)};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
