/* arrivals - finding the new messages of a queue; see arrivals.h. */
#include "queue/arrivals.h"

#include <errno.h>

#include "core/base/num.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "queue/loose.h"
#include "queue/trigger.h"

enum {
	SLEEP_TODO = 1500,	/* seconds between scans without a trigger */
	SLEEP_DEAF = 10,	/* between scans while the message queue cannot be opened */
	TAKE_MAX = 4096,	/* messages of the message queue taken before anything else is looked at */
};

static const struct arrivals *how;
static struct trigger trig = {.fd = -1};
static int mqueue = -1;
static bool deaf;			/* there is a message queue, but it cannot be opened */
static VEC(uint64_t) pending;		/* to be handled, in order ... */
static VEC(unsigned char) ways;		/* ... and how each was found */
static size_t pending_at;
static bool scan_due;
static time_t next_scan;
static long interval = -1;

static void found(uint64_t id, enum way way)
{
	vec_push(&pending, id);
	vec_push(&ways, (unsigned char)way);
}

void arrivals_add(uint64_t id)
{
	found(id, SCANNED);
}

bool arrivals_waiting(void)
{
	return pending_at < pending.n;
}

bool arrivals_first(uint64_t *id, enum way *way)
{
	if (!arrivals_waiting())
		return false;
	*id = pending.p[pending_at];
	*way = ways.p[pending_at];
	return true;
}

void arrivals_drop(void)
{
	if (++pending_at == pending.n)
		pending_at = pending.n = ways.n = 0;
}

bool arrivals_idle(void)
{
	return !arrivals_waiting() && !scan_due;
}

void arrivals_settings(void)
{
	long file = -1;

	/* the control file wins over the variable (documents) */
	if (conf_int(CONF_TODO_INTERVAL, &interval, NULL) != 1)
		interval = conf_env(CONF_TODO_INTERVAL) ? 10 : -1;
	else if (interval <= 0)
		interval = 10;
	if (conf_int(CONF_TODOINTERVAL, &file, NULL) == 1)
		interval = file > 0 ? file : 10;
}

void arrivals_again(void)
{
	if (next_scan > clock_now() + SLEEP_SYSFAIL)
		next_scan = clock_now() + SLEEP_SYSFAIL;
}

static void scan_dir(const char *dir, int part)
{
	struct dir d;
	const char *name;
	uint64_t id;

	if (dir_open(&d, dir) < 0) {
		struct err e = {0};

		err_temp(&e, errno, "unable to opendir %s", dir);
		how->say("warn", &e);
		arrivals_again();
		return;
	}
	while (dir_next(&d, &name) > 0) {
		if (!num_parse(str_z(name), UINT64_MAX, &id) || how->known(id))
			continue;
		if (part >= 0 && !how->adopt && id % (uint64_t)how->lay->split != (uint64_t)part) {
			struct err e = {0};

			err_perm(&e, 0, "%s/%s is in the wrong part, skipped", dir, name);
			how->say("warn", &e);
			continue;
		}
		found(id, SCANNED);
	}
	dir_close(&d);
}

static void found_loose(uint64_t id)
{
	if (!how->known(id))
		found(id, SCANNED);
}

static void scan(void)
{
	struct buf dir = BUF_INIT;

	next_scan = clock_now() + (interval > 0 ? interval : deaf ? SLEEP_DEAF : SLEEP_TODO);
	loose_each(".", layout_qname(queue_here()), found_loose);
	if (!layout_is_split(how->lay, Q_TODO)) {
		scan_dir("todo", -1);
	} else {
		for (int i = 0; i < how->lay->split; i++) {
			buf_clear(&dir);
			buf_fmt(&dir, "todo/%d", i);
			scan_dir(dir.p, i);
		}
	}
	buf_free(&dir);
}

/* Which ids the trigger brought; a bare wake-up means scan. */
static bool take_trigger(void)
{
	int r = trigger_read(&trig);

	for (size_t i = 0; i < trig.ids.n; i++)
		found(trig.ids.p[i], FIFO);
	return r == 0;
}

/* The message queue of this queue.  Submitters use the FIFO when there is none, and qscheduler has told so; but when
 * there is one that we cannot open, nobody knows. */
static void open_mqueue(void)
{
	struct err e = {0};

	mqueue = trigger_queue_open(how->mqueue);
	bool was_deaf = deaf;

	deaf = mqueue < 0 && errno != ENOENT && errno != ENOSYS;
	if (!deaf || was_deaf)
		return;
	err_temp(&e, errno, "unable to open the message queue");
	how->say("warning", &e);
}

/* The messages it brought; true: a scan is due. */
static bool take_mqueue(void)
{
	uint64_t id;
	bool blind = false;
	int r = 0;

	for (int i = 0; i < TAKE_MAX && (r = trigger_queue_take(mqueue, &id)) == 1; i++) {
		if (id)
			found(id, MQUEUE);
		else
			blind = true;
	}
	if (r >= 0)
		return blind;
	struct err e = {0};

	err_temp(&e, errno, "unable to read the message queue");
	how->say("warning", &e);
	fd_close(mqueue);
	mqueue = -1;
	deaf = true;
	return true;
}

void arrivals_take(bool pulled, bool told)
{
	/* with an interval, wake-ups wait for the next scan */
	if (pulled && take_trigger() && interval <= 0)
		scan_due = true;
	if (told && take_mqueue() && interval <= 0)
		scan_due = true;
}

int arrivals_plan(bool ending)
{
	time_t now = clock_now();

	/* known work first: the scan waits until it is done */
	if (pending.n && now >= next_scan)
		return 1000;
	if (pending.n || (!scan_due && now < next_scan))
		return (int)((next_scan - now) * 1000);
	if (deaf && !ending)
		open_mqueue();
	if (!ending && (interval <= 0 || now >= next_scan))
		scan();
	scan_due = false;
	return 0;
}

int arrivals_fd(void)
{
	return trig.fd;
}

int arrivals_mqueue(void)
{
	return mqueue;
}

int arrivals_open(const struct arrivals *a)
{
	how = a;
	scan_due = true;
	if (trigger_open(&trig, ".") < 0)
		return -1;
	if (how->mqueue)
		open_mqueue();
	return 0;
}
