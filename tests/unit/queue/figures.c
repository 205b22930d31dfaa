/* Unit tests of queue/figures: names of objects, load, the choice of a queue, what strangers leave. */
#include "queue/figures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/ipc.h"

static char base[] = "/tmp/unit-figures.XXXXXX";
static const char *const dirs[] = {"", "/queue3", "/queue3/lock", "/queue4", "/queue4/lock", "/queue5", "/queue5/lock"};
static const struct ipc_owner mine = {.mode = 0600};

static const char *path(const char *name)
{
	static struct buf b;

	buf_clear(&b);
	buf_fmt(&b, "%s%s", base, name);
	return b.p;
}

static const char *object(const char *name)
{
	static struct buf b;

	figures_name(path(name), &b);
	return b.p;
}

/* Memory that holds these bytes. */
static void put(const char *name, const void *p, size_t n)
{
	int fd = ipc_memory_create(object(name), n, &mine);

	if (fd < 0)
		skip();	/* no shared memory on this machine */
	assert_int_equal(fd_write_at(fd, p, n, 0), (ssize_t)n);
	fd_close(fd);
}

static void queue(const char *name, int local, int remote, int max, int disabled)
{
	struct figures f = {{local, remote}, {max, max}, disabled};

	put(name, &f, sizeof f);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(base))
		return -1;
	for (size_t i = 1; i < sizeof dirs / sizeof *dirs; i++)
		if (file_mkdir(path(dirs[i]), 0700) < 0)
			return -1;
	for (size_t i = 2; i < sizeof dirs / sizeof *dirs; i += 2) {
		struct buf fn = BUF_INIT;

		buf_fmt(&fn, "%s%s/trigger", base, dirs[i]);
		if (file_mkfifo(fn.p, 0600) < 0)
			return -1;
		buf_free(&fn);
	}
	fd_close(file_open(path("/qscheduler"), O_WRONLY | O_CREAT, 0600));
	return 0;
}

static int tear_down(void **state)
{
	static const char *const objects[] = {"/qscheduler", "/queue3", "/queue4", "/queue5"};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		ipc_memory_remove(object(objects[i]));
	for (size_t i = 2; i < sizeof dirs / sizeof *dirs; i += 2) {
		struct buf fn = BUF_INIT;

		buf_fmt(&fn, "%s%s/trigger", base, dirs[i]);
		file_unlink(fn.p);
		buf_free(&fn);
	}
	file_unlink(path("/qscheduler"));
	for (size_t i = sizeof dirs / sizeof *dirs; i-- > 1; )
		file_rmdir(path(dirs[i]));
	return file_rmdir(base);
}

static void names(void **state)
{
	struct buf a = BUF_INIT, b = BUF_INIT;

	(void)state;
	figures_name("/nonexistent/queue7", &a);
	assert_string_equal(a.p, "");
	figures_name(path("/queue3"), &a);
	assert_true(str_starts(buf_str(&a), STR("/indimail.")) && str_ends(buf_str(&a), STR(".queue3")));
	assert_int_equal(str_chr(str_from(buf_str(&a), 1), '/'), a.n - 1);
	figures_name(path("/./queue3"), &b);
	assert_string_equal(a.p, b.p);	/* however the directory is spelled */
	figures_name("/tmp/queue3", &b);
	assert_string_not_equal(a.p, b.p);
	buf_free(&a);
	buf_free(&b);
}

static void load(void **state)
{
	(void)state;
	assert_int_equal(figures_load(&(struct figures){{0, 0}, {5, 10}, 0}), 0);
	assert_int_equal(figures_load(&(struct figures){{5, 0}, {5, 10}, 0}), 200);
	assert_int_equal(figures_load(&(struct figures){{1, 5}, {5, 10}, 0}), 100);
	assert_int_equal(figures_load(&(struct figures){{7, 0}, {5, 10}, 0}), 200);
	assert_int_equal(figures_load(&(struct figures){{-7, 3}, {5, 0}, 0}), 0);
}

static void choice(void **state)
{
	struct figures_all all = {3, 3};
	bool seen[3] = {false, false, false};

	(void)state;
	assert_int_equal(figures_choose(base, 3, 0), -1);	/* nobody told anything */
	put("/qscheduler", &all, sizeof all);
	assert_int_equal(figures_choose(base, 3, 0), -1);	/* no queue is usable */
	queue("/queue3", 3, 0, 5, 0);
	queue("/queue4", 0, 2, 5, 0);
	queue("/queue5", 0, 0, 5, 1);
	for (unsigned turn = 0; turn < 5; turn++)
		assert_int_equal(figures_choose(base, 3, turn), 4);	/* 5 is disabled */
	queue("/queue5", 0, 0, 0, 0);
	assert_int_equal(figures_choose(base, 3, 2), 4);		/* held */
	queue("/queue5", 2, 1, 1000, 0);
	for (unsigned turn = 0; turn < 6; turn++) {
		long n = figures_choose(base, 3, turn);

		assert_true(n == 4 || n == 5);			/* equals take turns */
		seen[n - 3] = true;
	}
	assert_true(seen[1] && seen[2]);
	env_put("DYNAMIC_QUEUE_TIME", "1");
	for (unsigned turn = 0; turn < 6; turn++)
		assert_int_equal(figures_choose(base, 3, turn), 3 + turn % 3);
	env_unset("DYNAMIC_QUEUE_TIME");
	all.count = 2000000;
	put("/qscheduler", &all, sizeof all);
	assert_int_equal(figures_choose(base, 3, 0), -1);
	put("/qscheduler", &all, 3);	/* cut short */
	assert_int_equal(figures_choose(base, 3, 0), -1);
}

static void writing(void **state)
{
	struct figures f = {{1, 2}, {3, 4}, 9};
	struct figures_writer w;

	(void)state;
	assert_int_equal(figures_open(&w, "/nonexistent/q/queue9"), -1);
	figures_write(&w, &f);		/* nobody listens */
	queue("/queue3", 0, 0, 0, 1);
	assert_int_equal(figures_open(&w, path("/queue3")), 0);
	figures_write(&w, &f);
	struct figures got;

	assert_int_equal(figures_read(path("/queue3"), &got), 0);
	assert_int_equal(got.used[0] * 1000 + got.used[1] * 100 + got.max[0] * 10 + got.max[1], 1234);
	assert_int_equal(got.disabled, 1);	/* somebody else's number */
	fd_close(w.fd);
}

static void messages(void **state)
{
	struct ipc_owner o = mine;
	struct figures_load m;
	struct err e = {0};
	long len = 10, size = 81920;

	(void)state;
	assert_int_equal(figures_tell(base, 3, 100, &e), -1);
	int fd = ipc_queue_create(object("/qscheduler"), &len, &size, &o);

	if (fd < 0)
		skip();
	assert_true(len >= 1 && size >= IPC_MESSAGE_MIN);
	assert_int_equal(figures_tell(base, 3, 100, &e), 0);
	assert_int_equal(ipc_queue_take(fd, &m, sizeof m), sizeof m);
	assert_true(m.number == 3 && m.load == 100);
	assert_int_equal(ipc_queue_take(fd, &m, sizeof m), -1);
	fd_close(fd);
	assert_int_equal(ipc_queue_remove(object("/qscheduler")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(load), cmocka_unit_test(choice),
		cmocka_unit_test(writing), cmocka_unit_test(messages)};

	env_put("CONTROLDIR", "/nonexistent");
	env_unset("DYNAMIC_QUEUE_TIME");
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
