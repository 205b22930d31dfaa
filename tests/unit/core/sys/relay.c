/* Unit tests of core/sys/relay: lanes through pipes and sockets, ends, idle time, readers that go. */
#include "core/sys/relay.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/sys/fd.h"
#include "core/sys/local.h"
#include "core/sys/sig.h"

static void twice(void *arg, struct str in, bool last, struct buf *out)
{
	(void)arg;
	buf_add(out, in);
	buf_add(out, in);
	if (last)
		buf_adds(out, "end");
}

static void one_lane(void **state)
{
	char got[64] = "";
	int in[2], out[2];

	(void)state;
	assert_int_equal(fd_pipe(in), 0);
	assert_int_equal(fd_pipe(out), 0);
	assert_int_equal(fd_write_all(in[1], "word ", 5), 0);
	fd_close(in[1]);
	struct relay_lane l = {.from = in[0], .to = out[1], .change = twice};

	assert_int_equal(relay_run(&l, 1, 1000), 0);
	assert_int_equal(l.from, -1);
	assert_int_equal(fd_read(out[0], got, sizeof got), 13);
	assert_string_equal(got, "word word end");
	assert_int_equal(fd_read(out[0], got, sizeof got), 0);
	fd_close(out[0]);
}

static void idle(void **state)
{
	int a[2], b[2];

	(void)state;
	assert_int_equal(local_pair(a), 0);
	assert_int_equal(fd_pipe(b), 0);
	struct relay_lane l = {.from = a[0], .to = b[1]};

	errno = 0;
	assert_int_equal(relay_run(&l, 1, 20), -1);
	assert_int_equal(errno, ETIMEDOUT);
	/* a reader that goes ends the lane although nothing came */
	fd_close(b[0]);
	assert_int_equal(relay_run(&l, 1, 1000), 0);
	fd_close(a[1]);
}

/* A socket to itself and back: the end is told, and the lane that decides ends it all. */
static void sockets(void **state)
{
	static char block[100000];
	int a[2], in[2], out[2];
	char end[8] = "";

	(void)state;
	assert_int_equal(local_pair(a), 0);
	assert_int_equal(fd_pipe(in), 0);
	assert_int_equal(fd_pipe(out), 0);
	struct relay_lane l[] = {
		{.from = in[0], .to = a[0], .shared = true, .tell = true},
		{.from = a[0], .to = out[1], .shared = true, .decides = true},
		{.from = a[1], .to = a[1], .shared = true, .tell = true},
	};

	memset(block, 'x', sizeof block);
	assert_int_equal(fd_write_all(in[1], block, 30000), 0);
	fd_close(in[1]);
	assert_int_equal(relay_run(l, 3, 1000), 0);
	assert_int_equal(fd_read(out[0], block, sizeof block), 30000);
	fd_close(out[1]);
	assert_int_equal(fd_read(out[0], end, sizeof end), 0);
	/* never closes the lane that does not decide */
	assert_int_equal(fd_pipe(in), 0);
	fd_end(a[1]);
	struct relay_lane m[] = {
		{.from = in[0], .to = a[0], .shared = true},
		{.from = a[0], .to = out[0], .shared = true, .decides = true},
	};

	assert_int_equal(relay_run(m, 2, 1000), 0);
	assert_true(fd_open(a[0]));
	fd_close(a[0]);
	fd_close(a[1]);
	fd_close(in[0]);
	fd_close(in[1]);
	fd_close(out[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_lane),
		cmocka_unit_test(idle),
		cmocka_unit_test(sockets),
	};

	sig_ignore(SIGPIPE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
