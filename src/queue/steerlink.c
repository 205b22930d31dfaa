/* steerlink - giving orders: to the send that runs, or in its place; see steer.h. */
#include <errno.h>

#include "core/base/num.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/local.h"
#include "core/sys/lock.h"
#include "queue/journal.h"
#include "queue/rewrite.h"
#include "queue/steer.h"

enum {
	START_MS = 3000,	/* a send that has the lock will soon listen */
	ANSWER_MS = 60000,	/* it may be waiting for a disk */
	LINE_MAX = 400,
	AGAIN_MS = 50,		/* between questions about a message that is being delivered */
};

static int take_mutex(void)
{
	int fd = file_open("lock/sendmutex", O_WRONLY, 0);

	if (fd >= 0 && lock_try(fd) < 0) {
		fd_close(fd);
		fd = -1;
		errno = EWOULDBLOCK;
	}
	return fd;
}

int steer_connect(struct steer_link *k, const struct layout *l, struct err *e)
{
	*k = (struct steer_link){.lay = *l, .fd = -1, .mutex = -1, .in = BUF_INIT};
	for (long long end = clock_mono_ms() + START_MS; ; clock_sleep_ms(20)) {
		k->fd = local_connect("steer/socket");
		if (k->fd >= 0)
			return 0;
		if (errno == EACCES || errno == EPERM)
			return err_temp(e, errno, "unable to reach qmail-send");
		k->mutex = take_mutex();
		if (k->mutex >= 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return err_temp(e, errno, "unable to open lock/sendmutex");
		if (clock_mono_ms() > end)
			return err_temp(e, 0, "a qmail-send is running that takes no orders");
	}
}

void steer_end(struct steer_link *k)
{
	fd_close(k->fd);
	fd_close(k->mutex);
	k->fd = k->mutex = -1;
	buf_free(&k->in);
}

static bool there(const struct layout *l, enum part p, uint64_t id)
{
	struct buf fn = BUF_INIT;

	layout_path(l, p, id, &fn);
	bool r = file_exists(fn.p);

	buf_free(&fn);
	return r;
}

static int drop(const struct layout *l, enum part p, uint64_t id, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	layout_path(l, p, id, &fn);
	if (file_unlink(fn.p) < 0 && errno != ENOENT)
		r = err_temp(e, errno, "unable to unlink %s", fn.p);
	buf_free(&fn);
	return r;
}

/* Out of the queue.  The journal has to know before a new message leaves todo, and the name there goes
 * first. */
static int remove_message(const struct layout *l, uint64_t id, struct err *e)
{
	struct journal *j = there(l, Q_TODO, id) ? journal_look(".") : NULL;

	if (j && journal_done(j, id) < 0)
		return err_temp(e, errno, "unable to end a message in the journal");
	if (drop(l, Q_TODO, id, e) < 0 || steer_strip(l, id, e) < 0 || steer_set_hold(id, false, e) < 0 ||
		drop(l, Q_INTD, id, e) < 0)
		return -1;
	return drop(l, Q_MESS, id, e);
}

/* send reads the next try from these times when it starts. */
static int due_now(const struct layout *l, uint64_t id, struct err *e)
{
	static const enum part parts[] = {Q_LOCAL, Q_REMOTE};
	struct buf fn = BUF_INIT;
	int r = 0;

	for (int i = 0; i < 2 && r == 0; i++) {
		buf_clear(&fn);
		layout_path(l, parts[i], id, &fn);
		if (file_mtime(fn.p, clock_now()) < 0 && errno != ENOENT)
			r = err_temp(e, errno, "unable to utime %s", fn.p);
	}
	buf_free(&fn);
	return r;
}

static int bounce(const struct layout *l, uint64_t id, struct err *e)
{
	static struct rewrite rules = REWRITE_INIT;
	static bool loaded;

	if (there(l, Q_TODO, id))
		return err_temp(e, 0, "qmail-send must have seen a new message before it can bounce");
	if (!loaded && rewrite_load(&rules, e) < 0)
		return -1;
	loaded = true;
	return steer_fail(l, &rules, id, e);
}

static char do_it(const struct layout *l, enum steer_verb v, uint64_t id, struct err *e)
{
	int r = 0;

	if (!there(l, Q_TODO, id) && !there(l, Q_INFO, id))
		return STEER_GONE;
	switch (v) {
	case STEER_HOLD: case STEER_RELEASE:
		r = steer_set_hold(id, v == STEER_HOLD, e);
		break;
	case STEER_RETRY:
		r = due_now(l, id, e);
		break;
	case STEER_DELETE: case STEER_TAKE:
		r = remove_message(l, id, e);
		break;
	case STEER_BOUNCE:
		r = bounce(l, id, e);
		break;
	default:
		break;	/* nobody can begin to deliver it */
	}
	return r < 0 ? STEER_FAILED : STEER_DONE;
}

/* One line from send. */
static int answer(struct steer_link *k, struct str *line)
{
	size_t end;

	while ((end = str_chr(buf_str(&k->in), '\n')) == k->in.n) {
		if (k->in.n > LINE_MAX || fd_wait(k->fd, POLLIN, ANSWER_MS) <= 0)
			return -1;
		ssize_t n = fd_read(k->fd, buf_grow(&k->in, LINE_MAX), LINE_MAX);

		if (n <= 0)
			return -1;
		buf_advance(&k->in, (size_t)n);
	}
	*line = str_to(buf_str(&k->in), end);
	return end > 0 ? 0 : -1;
}

char steer_order(struct steer_link *k, enum steer_verb v, uint64_t id, struct err *e)
{
	struct buf line = BUF_INIT;
	struct str said;
	char c = STEER_FAILED;

	if (k->fd < 0)
		return do_it(&k->lay, v, id, e);
	buf_clear(&k->in);
	buf_fmt(&line, "%s %llu\n", steer_verbs[v], (unsigned long long)id);
	if (fd_write_all(k->fd, line.p, line.n) < 0 || answer(k, &said) < 0) {
		err_temp(e, 0, "lost the connection to qmail-send");
	} else {
		c = said.p[0];
		if (c == STEER_FAILED)
			err_temp(e, 0, "%.*s", STR_FMT(str_from(said, 1)));
	}
	buf_free(&line);
	return c;
}

char steer_ask(struct steer_link *k, enum steer_verb v, uint64_t id, long patience_ms, struct err *e)
{
	long long end = clock_mono_ms() + patience_ms;
	char c;

	while ((c = steer_order(k, v, id, e)) == STEER_WAIT && clock_mono_ms() < end)
		clock_sleep_ms(AGAIN_MS);
	return c;
}
