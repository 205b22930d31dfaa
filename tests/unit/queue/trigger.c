/* Unit tests of queue/trigger: numbers, bare wake-ups, numbers cut by the end of a read. */
#include "queue/trigger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

static char dir[] = "/tmp/unit-trigger.XXXXXX";
static struct buf fifo = BUF_INIT;

static int set_up(void **state)
{
	struct buf lock = BUF_INIT;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	buf_fmt(&lock, "%s/lock", dir);
	buf_fmt(&fifo, "%s/trigger", lock.p);
	int r = file_mkdir(lock.p, 0700) < 0 || file_mkfifo(fifo.p, 0600) < 0 ? -1 : 0;

	buf_free(&lock);
	return r;
}

static int tear_down(void **state)
{
	(void)state;
	file_unlink(fifo.p);
	buf_trunc(&fifo, fifo.n - 8);
	file_rmdir(fifo.p);
	buf_free(&fifo);
	return file_rmdir(dir);
}

static void raw(const char *p, size_t n)
{
	int fd = file_open(fifo.p, O_WRONLY | O_NONBLOCK, 0);

	assert_int_equal(fd_write_all(fd, p, n), 0);
	fd_close(fd);
}

static void numbers(void **state)
{
	struct trigger t;

	(void)state;
	trigger_pull(dir, 5);	/* nobody listens: nothing happens */
	assert_int_equal(trigger_open(&t, dir), 0);
	assert_int_equal(trigger_read(&t), 1);
	assert_int_equal(t.ids.n, 0);
	trigger_pull(dir, 123456789012345);
	trigger_pull(dir, 7);
	assert_int_equal(trigger_read(&t), 1);
	assert_int_equal(t.ids.n, 2);
	assert_int_equal(t.ids.p[0], 123456789012345);
	assert_int_equal(t.ids.p[1], 7);
	trigger_pull(dir, 0);
	assert_int_equal(trigger_read(&t), 0);
	assert_int_equal(t.ids.n, 0);
	raw("12", 2);
	assert_int_equal(trigger_read(&t), 1);
	assert_int_equal(t.ids.n, 0);
	raw("3\0", 2);
	assert_int_equal(trigger_read(&t), 1);
	assert_int_equal(t.ids.p[0], 123);
	raw("x", 1);
	assert_int_equal(trigger_read(&t), 0);
	raw("99999999999999999999999\0", 24);
	assert_int_equal(trigger_read(&t), 0);
	trigger_close(&t);
}

static void nowhere(void **state)
{
	struct trigger t;

	(void)state;
	assert_int_equal(trigger_open(&t, "/nonexistent"), -1);
	trigger_pull("/nonexistent", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(numbers), cmocka_unit_test(nowhere)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
