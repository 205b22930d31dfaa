/* Unit tests of queue/dynamic: growing when told, giving up empty queues only, whoever comes late to a resting one. */
#include "queue/dynamic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/sys/env.h"
#include "core/sys/file.h"
#include "core/sys/ipc.h"
#include "queue/trigger.h"

static char base[] = "/tmp/unit-dynamic.XXXXXX";
static struct dynamic d;
static int makes, make_result, warnings;

static void warn(const char *text)
{
	(void)text;
	warnings++;
}

static int make(const char *dir)
{
	struct layout l = layout_conf();
	struct queue_owners o = {.change = false};

	makes++;
	return make_result < 0 ? -1 : queue_create(dir, &l, &o, NULL);
}

static const char *path(const char *name)
{
	static struct buf b;

	buf_clear(&b);
	buf_fmt(&b, "%s/%s", base, name);
	return b.p;
}

/* As scheduler does: every queue that should run does. */
static void look(void)
{
	dynamic_look(&d);
	for (long i = 0; i < d.n; i++)
		dynamic_running(&d, i, d.q[i].state == DYN_RUN || d.q[i].state == DYN_LEAVE);
	dynamic_listen(&d);
}

static void tell(unsigned number, unsigned long load)
{
	struct err e = {0};

	if (figures_tell(base, number, load, &e) < 0)
		skip();
	look();
}

static void begin(const char *count, const char *max)
{
	struct err e = {0};

	env_put("QUEUE_COUNT", count);
	env_put("QUEUE_MAX", max);
	makes = make_result = warnings = 0;
	d = (struct dynamic){.base = base, .warn = warn, .make = make};
	assert_int_equal(dynamic_open(&d, &e), 0);
	if (d.all < 0 || d.loads < 0)
		skip();		/* nothing to talk through on this machine */
	look();
}

static bool disabled(const char *name)
{
	struct figures f;

	assert_int_equal(figures_read(path(name), &f), 0);
	return f.disabled;
}

static void touch(const char *name)
{
	int fd = file_open(path(name), O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	fd_close(fd);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(base))
		return -1;
	env_put("CONTROLDIR", base);
	env_put("QUEUE_START", "1");
	env_put("QUEUE_LOAD", "90");
	env_put("CONFSPLIT", "2");
	fd_close(file_open(path("qscheduler"), O_WRONLY | O_CREAT, 0600));
	return 0;
}

static int tear_down(void **state)
{
	struct buf command = BUF_INIT;

	(void)state;
	buf_fmt(&command, "rm -rf %s", base);
	int r = system(command.p);

	buf_free(&command);
	return r;
}

static void grows(void **state)
{
	struct figures_all all;

	(void)state;
	begin("1", "3");
	assert_int_equal(makes, 1);
	assert_int_equal(d.count, 1);
	assert_false(disabled("queue1"));
	tell(1, 180);		/* not more than 2 * 1 * 90 */
	assert_int_equal(d.count, 1);
	tell(1, 181);
	assert_int_equal(d.count, 2);
	assert_int_equal(figures_read_all(base, &all), 0);
	assert_true(all.count == 2 && all.conf == 2);
	tell(2, 100);
	assert_int_equal(d.count, 2);
	make_result = -1;
	tell(2, 200);
	assert_int_equal(d.count, 2);
	make_result = 0;
	tell(2, 200);		/* ERROR_INTERVAL has not passed */
	assert_int_equal(d.count, 2);
	d.grow_at = 0;
	tell(2, 200);
	assert_int_equal(d.count, 3);
	tell(3, 200);
	assert_int_equal(d.count, 3);	/* QUEUE_MAX */
	tell(9, 200);			/* no such queue */
	tell(0, 200);
	dynamic_close(&d);
	assert_int_equal(figures_read_all(base, &all), -1);
}

static void shrinks(void **state)
{
	(void)state;
	begin("1", "3");
	assert_int_equal(d.count, 1);	/* the others are empty */
	tell(1, 200);
	tell(2, 200);
	assert_int_equal(d.count, 3);
	touch("queue3/mess/1/7");
	tell(1, 0);
	tell(2, 0);
	assert_int_equal(d.count, 3);	/* the last one has mail */
	file_unlink(path("queue3/mess/1/7"));
	touch("queue2/mess/1/7");
	tell(2, 0);
	assert_int_equal(d.count, 2);
	assert_true(disabled("queue3"));
	assert_false(disabled("queue2"));
	assert_int_equal(d.q[2].state, DYN_LEAVE);
	look();				/* its process is told to end, and has */
	assert_int_equal(d.q[2].state, DYN_REST);
	assert_int_equal(d.nfds, 3);	/* the loads, and two ways to wake queue 3 */
	file_unlink(path("queue2/mess/1/7"));
	dynamic_close(&d);
}

static void come_late(void **state)
{
	(void)state;
	begin("1", "2");
	tell(1, 200);
	assert_int_equal(d.count, 2);
	tell(1, 0);
	assert_int_equal(d.q[1].state, DYN_LEAVE);
	touch("queue2/mess/0/4");	/* between the last look and the end */
	look();
	assert_int_equal(d.q[1].state, DYN_LEAVE);
	file_unlink(path("queue2/mess/0/4"));
	dynamic_look(&d);
	assert_int_equal(d.q[1].state, DYN_END);
	touch("queue2/mess/0/4");	/* while it ends */
	dynamic_running(&d, 1, true);
	dynamic_running(&d, 1, false);
	assert_int_equal(d.q[1].state, DYN_LEAVE);
	file_unlink(path("queue2/mess/0/4"));
	look();
	assert_int_equal(d.q[1].state, DYN_REST);
	trigger_pull(path("queue2"), 4);	/* of a message that is not there any more */
	look();
	assert_int_equal(d.q[1].state, DYN_REST);
	touch("queue2/mess/0/4");
	trigger_pull(path("queue2"), 4);	/* by the FIFO */
	look();
	assert_int_equal(d.q[1].state, DYN_LEAVE);
	file_unlink(path("queue2/mess/0/4"));
	look();
	assert_int_equal(d.q[1].state, DYN_REST);
	env_put("DYNAMIC_QUEUE", "1");
	touch("queue2/mess/0/4");
	trigger_pull(path("queue2"), 4);	/* by the message queue */
	env_unset("DYNAMIC_QUEUE");
	look();
	assert_int_equal(d.q[1].state, DYN_LEAVE);
	file_unlink(path("queue2/mess/0/4"));
	look();
	assert_int_equal(d.q[1].state, DYN_REST);
	tell(1, 200);			/* wanted again */
	assert_int_equal(d.q[1].state, DYN_RUN);
	dynamic_close(&d);
}

static void measures(void **state)
{
	struct figures f = {{5, 0}, {5, 10}, 0};
	struct figures_writer w;

	(void)state;
	begin("1", "2");
	assert_int_equal(figures_open(&w, path("queue1")), 0);
	figures_write(&w, &f);
	d.measured = 0;
	look();
	assert_int_equal(d.count, 1);	/* once is not enough */
	d.measured = 0;
	look();
	assert_int_equal(d.count, 2);
	f.used[0] = 0;
	figures_write(&w, &f);
	d.measured = 0;
	look();
	assert_int_equal(d.count, 2);	/* not yet */
	d.measured = d.quiet_since = 0;
	look();
	assert_int_equal(d.count, 1);
	fd_close(w.fd);
	dynamic_close(&d);
}

static void forgotten_mail(void **state)
{
	struct err e = {0};

	(void)state;
	touch("queue3/mess/1/9");
	begin("1", "2");
	assert_int_equal(d.n, 3);
	assert_int_equal(d.q[2].state, DYN_LEAVE);
	file_unlink(path("queue3/mess/1/9"));
	dynamic_close(&d);
	assert_int_equal(file_replace(path("qcount"), STR("2\n"), 0600, &e), 0);
	d = (struct dynamic){.base = base, .warn = warn, .make = make, .keep = true};
	assert_int_equal(dynamic_open(&d, &e), 0);
	assert_int_equal(d.count, 2);	/* as it was */
	dynamic_close(&d);
	env_put("QUEUE_MAX", "0");
	assert_int_equal(dynamic_open(&d, &e), -1);
	env_put("QUEUE_COUNT", "0");
	assert_int_equal(dynamic_open(&d, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(grows), cmocka_unit_test(shrinks), cmocka_unit_test(come_late),
		cmocka_unit_test(measures), cmocka_unit_test(forgotten_mail)};

	env_unset("DYNAMIC_QUEUE");
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
