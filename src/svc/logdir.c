/* logdir - a rotated directory of logs; see logdir.h. */
#include "svc/logdir.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"

enum {
	BUFFER = 128 << 10,
	NEWLINE_ROOM = 2000,	/* a log ends at a newline that is so near to its limit */
	WRITE_BACK = 1 << 20,	/* the disk gets work to do every so many bytes, so that the last sync is short */
	FIRST_PAUSE = 100, PAUSE = 5000,	/* milliseconds between attempts */
	STOP_PAUSE = 1000,	/* what a processor gets between TERM and KILL */
	MODE_OPEN = 0644, MODE_DONE = 0744,
};

/* ---- paths, trouble */

static const char *path(struct logdir *d, int i, const char *name)
{
	buf_clear(&d->path[i]);
	buf_fmt(&d->path[i], "%s/%s", d->name, name);
	return d->path[i].p;
}

static void say(struct logdir *d, bool warning, int num, const char *fmt, const char *what)
{
	struct buf b = BUF_INIT;

	buf_fmt(&b, fmt, what, d->name);
	d->host->say(warning, num, b.p);
	buf_free(&b);
}

/* Something failed (errno): one warning when it begins, then wait.  False: the host gives up. */
static bool trouble(struct logdir *d, const char *what)
{
	bool first = !d->trouble;

	if (first) {
		say(d, true, errno, "unable to %s in %s, pausing", what);
		d->trouble = clock_mono_ms() + 1;
	}
	d->given_up = !d->host->pause(first ? FIRST_PAUSE : PAUSE);
	return !d->given_up;
}

static void all_well(struct logdir *d)
{
	char text[64];

	if (!d->trouble)
		return;
	snprintf(text, sizeof text, "%lld", (clock_mono_ms() + 1 - d->trouble + 999) / 1000);
	say(d, false, 0, "going on after %s seconds in %s", text);
	d->trouble = 0;
}

/* A step does one thing and can be tried again: 0, or -1 with errno. */
typedef int step(struct logdir *d);

static int persist(struct logdir *d, step *s, const char *what)
{
	while (s(d) < 0)
		if (!trouble(d, what))
			return -1;
	all_well(d);
	return 0;
}

static int gone_is_fine(int r)
{
	return r < 0 && errno == ENOENT ? 0 : r;
}

/* Name an old log; that the oldest cannot be removed is said once. */
static int finish(struct logdir *d, const char *file, char code)
{
	int before = d->old.prune_errno, r = logold_finish(&d->old, file, code), num = errno;

	if (d->old.prune_errno && !before)
		say(d, true, d->old.prune_errno, "unable to %s in %s", "remove old logs");
	errno = num;
	return r;
}

static int sync_fd(const struct logdir *d, int fd)
{
	return d->plan.sync ? file_sync(fd) : 0;
}

/* ---- the processor */

static int finish_processed(struct logdir *d)
{
	return finish(d, "processed", 's');
}

static int drop_previous(struct logdir *d)
{
	return gone_is_fine(file_unlink(path(d, 0, "previous")));
}

static int keep_state(struct logdir *d)
{
	return gone_is_fine(file_rename(path(d, 0, "newstate"), path(d, 1, "state")));
}

static int sync_results(struct logdir *d)
{
	return sync_fd(d, d->newstate) < 0 ? -1 : sync_fd(d, d->processed);
}

/* From here on processed counts and previous does not: a crash is mended in this direction. */
static int commit(struct logdir *d)
{
	if (file_fchmod(d->newstate, MODE_OPEN) < 0 || file_fchmod(d->processed, MODE_DONE) < 0)
		return -1;
	return !d->plan.sync ? 0 : file_sync(d->processed) < 0 ? -1 : file_sync_dir(d->name);
}

static void close_results(struct logdir *d)
{
	fd_close(d->processed);
	fd_close(d->newstate);
	d->processed = d->newstate = -1;
}

static void complete(struct logdir *d)
{
	int r = persist(d, sync_results, "sync processed");

	if (r == 0)
		r = persist(d, commit, "mark processed");
	close_results(d);
	if (r == 0)
		r = persist(d, keep_state, "rename newstate");
	if (r == 0)
		r = persist(d, drop_previous, "remove previous");
	if (r == 0)
		persist(d, finish_processed, "rename processed");
}

/* A new file that no processor of earlier days can write to. */
static int fresh(struct logdir *d, const char *name)
{
	if (gone_is_fine(file_unlink(path(d, 0, name))) < 0)
		return -1;
	return file_open(path(d, 0, name), O_WRONLY | O_CREAT | O_EXCL, MODE_OPEN);
}

static void ail(struct logdir *d, int num, const char *what)
{
	if (!d->ailing)
		say(d, true, num, "%s for %s, trying again every 5 seconds", what);
	d->ailing = true;
	d->again = clock_mono_ms() + PAUSE;
	close_results(d);
}

static void start_processor(struct logdir *d)
{
	struct err e = {0};
	int previous, state = -1;

	d->again = 0;
	if ((previous = file_open(path(d, 0, "previous"), O_RDONLY, 0)) < 0 ||
		(state = file_open(path(d, 0, "state"), O_RDONLY | O_CREAT, MODE_OPEN)) < 0 ||
		(d->processed = fresh(d, "processed")) < 0 || (d->newstate = fresh(d, "newstate")) < 0) {
		ail(d, errno, "unable to open the processor's files");
	} else {
		int fds[6] = {previous, d->processed, 2, -1, state, d->newstate};
		pid_t pid = d->host->run(d->plan.command, fds, &e);

		if (pid < 0)
			ail(d, e.num, e.text);
		else
			d->pid = pid;
	}
	fd_close(previous);
	fd_close(state);
}

static void reap(struct logdir *d)
{
	char what[64];
	int status = 0;

	if (proc_wait(d->pid, &status, true) == 0)
		return;
	d->pid = 0;
	if (proc_crashed(status) || proc_code(status)) {
		snprintf(what, sizeof what, proc_crashed(status) ? "processor killed by signal %d" :
			"processor failed with exit code %d", proc_crashed(status) ? proc_signal(status) : proc_code(status));
		ail(d, 0, what);
		return;
	}
	if (d->ailing)
		say(d, false, 0, "%s for %s", "processor succeeded");
	d->ailing = false;
	complete(d);
}

void logdir_tend(struct logdir *d)
{
	if (d->pid)
		reap(d);
	if (d->again && clock_mono_ms() >= d->again)
		start_processor(d);
}

long logdir_wait(const struct logdir *d)
{
	long long left = d->again ? d->again - clock_mono_ms() : -1;

	return !d->again ? -1 : left > 0 ? (long)left : 0;
}

/* The host has waited long enough: previous stays and becomes a .u at the next start. */
static void stop_processor(struct logdir *d)
{
	int status;

	d->again = 0;
	if (!d->pid)
		return;
	say(d, true, 0, "%s for %s, its log stays unprocessed", "stopping the processor");
	proc_kill(-d->pid, SIGTERM);
	proc_kill(-d->pid, SIGCONT);
	for (long long end = clock_mono_ms() + STOP_PAUSE; clock_mono_ms() < end; clock_sleep_ms(10))
		if (proc_wait(d->pid, &status, true) != 0)
			break;
	proc_kill(-d->pid, SIGKILL);
	proc_kill(d->pid, SIGKILL);
	proc_wait(d->pid, &status, false);
	d->pid = 0;
	close_results(d);
}

/* Until the processor has done its work.  False: the host gave up on it. */
static bool settle(struct logdir *d)
{
	while (!d->stuck && (logdir_tend(d), d->pid || d->again)) {
		long ms = logdir_wait(d);

		if (!d->host->pause(ms >= 0 ? ms : PAUSE)) {
			stop_processor(d);
			d->stuck = true;
		}
	}
	return !d->stuck && !d->given_up;
}

/* ---- current */

static int sync_current(struct logdir *d)
{
	return sync_fd(d, d->fd);
}

static int mark_current(struct logdir *d)
{
	return file_fchmod(d->fd, MODE_DONE);
}

static int set_aside(struct logdir *d)
{
	return file_rename(path(d, 0, "current"), path(d, 1, "previous"));
}

static int begin_current(struct logdir *d)
{
	int fd = file_open(path(d, 0, "current"), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, MODE_OPEN);

	if (fd < 0)
		return -1;
	if (file_fchmod(fd, MODE_OPEN) < 0) {
		int keep = errno;

		fd_close(fd);
		errno = keep;
		return -1;
	}
	fd_close(d->fd);
	d->fd = fd;
	d->bytes = d->unstarted = 0;
	d->midline = false;
	return 0;
}

static int finish_previous(struct logdir *d)
{
	return finish(d, "previous", 's');
}

static void rotate(struct logdir *d)
{
	if (d->plan.command && !settle(d))
		return;
	d->wanted = false;
	if (persist(d, sync_current, "sync current") < 0 || persist(d, mark_current, "mark current") < 0 ||
		persist(d, set_aside, "rename current") < 0 || persist(d, begin_current, "create current") < 0)
		return;
	if (d->plan.command)
		start_processor(d);
	else
		persist(d, finish_previous, "rename previous");
}

void logdir_rotate(struct logdir *d)
{
	logdir_flush(d);
	d->wanted = d->bytes > 0;
	if (d->wanted && !d->midline)
		rotate(d);
}

/* current takes no more; a line that fits into NEWLINE_ROOM is never cut in two. */
static bool full(const struct logdir *d)
{
	return d->plan.size && d->bytes + (d->midline ? 0 : NEWLINE_ROOM) >= d->plan.size;
}

/* How much of s goes into current: its limit is kept, and near to it a newline is a good end. */
static size_t fit(const struct logdir *d, struct str s)
{
	size_t nl;

	if (d->wanted && (nl = str_chr(s, '\n')) < s.n)
		s = str_to(s, nl + 1);
	if (!d->plan.size || d->stuck || d->bytes >= d->plan.size)
		return s.n;
	if (s.n > d->plan.size - d->bytes)
		s = str_to(s, (size_t)(d->plan.size - d->bytes));
	if (d->bytes + s.n + NEWLINE_ROOM >= d->plan.size && (nl = str_rchr(s, '\n')) < s.n)
		s = str_to(s, nl + 1);
	return s.n;
}

static void written(struct logdir *d, struct str s)
{
	d->bytes += s.n;
	d->unstarted += s.n;
	d->midline = s.p[s.n - 1] != '\n';
	if (d->plan.size && d->plan.sync && d->unstarted >= WRITE_BACK) {
		file_sync_start(d->fd);
		d->unstarted = 0;
	}
	if (!d->midline && (d->wanted || full(d)))
		rotate(d);
}

void logdir_flush(struct logdir *d)
{
	struct str left = str_make(d->buf, d->n);

	while (left.n && !d->given_up) {
		if (full(d) && !d->stuck)
			rotate(d);
		ssize_t r = fd_write(d->fd, left.p, fit(d, left));

		if (r < 0) {
			trouble(d, "write current");
		} else if (r > 0) {
			all_well(d);
			written(d, str_to(left, (size_t)r));
			left = str_from(left, (size_t)r);
		}
	}
	d->lost += left.n;
	d->n = 0;
}

void logdir_put(struct logdir *d, const char *p, size_t n)
{
	while (n) {
		size_t room = BUFFER - d->n, take = n < room ? n : room;

		memcpy(d->buf + d->n, p, take);
		d->n += take;
		p += take;
		n -= take;
		if (d->n == BUFFER)
			logdir_flush(d);
	}
}

/* ---- the beginning and the end */

static int lock(struct logdir *d, struct err *e)
{
	struct stat st;
	int made = file_mkdir(d->name, 0777), num = errno;

	if (file_stat(d->name, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_temp(e, made < 0 && num != EEXIST ? num : ENOTDIR, "unable to open directory %s", d->name);
	d->lock = file_open(path(d, 0, "lock"), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0600);
	if (d->lock < 0)
		return err_temp(e, errno, "unable to open %s/lock", d->name);
	if (lock_try(d->lock) < 0)
		return err_temp(e, errno, "unable to lock directory %s", d->name);
	return 0;
}

static int touch_state(struct logdir *d)
{
	int fd = file_open(path(d, 0, "state"), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, MODE_OPEN);

	fd_close(fd);
	return fd < 0 ? -1 : 0;
}

/* processed counts when it is marked; otherwise previous does, and is unprocessed for ever. */
static int recover_processed(struct logdir *d)
{
	struct stat st = {0};

	if (gone_is_fine(file_stat(path(d, 0, "processed"), &st)) < 0)
		return -1;
	if (st.st_mode & S_IXUSR) {
		if (keep_state(d) < 0 || drop_previous(d) < 0)
			return -1;
		return finish_processed(d);
	}
	if (gone_is_fine(file_unlink(path(d, 0, "processed"))) < 0 ||
		gone_is_fine(file_unlink(path(d, 0, "newstate"))) < 0)
		return -1;
	return finish(d, "previous", 'u');
}

/* current goes on when it ended well. */
static int recover_current(struct logdir *d)
{
	struct stat st;

	if (file_stat(path(d, 0, "current"), &st) < 0)
		return gone_is_fine(-1) < 0 ? -1 : begin_current(d);
	if (!(st.st_mode & S_IXUSR) && st.st_size > 0 && finish(d, "current", 'u') < 0)
		return -1;
	if (begin_current(d) < 0 || file_fstat(d->fd, &st) < 0)
		return -1;
	d->bytes = (uint64_t)st.st_size;
	/* what is added must not pass as a good end after a power cut */
	return d->bytes ? sync_fd(d, d->fd) : 0;
}

int logdir_open(struct logdir *d, const char *name, const struct logdir_plan *plan, const struct logdir_host *host,
	struct err *e)
{
	*d = (struct logdir){.host = host, .plan = *plan, .name = mem_copy(name, strlen(name)), .lock = -1, .fd = -1,
		.path = {BUF_INIT, BUF_INIT}, .processed = -1, .newstate = -1};
	d->old = (struct logold)LOGOLD_INIT(d->name, plan->keep);
	if (lock(d, e) < 0)
		goto failed;
	if (touch_state(d) < 0 || recover_processed(d) < 0 || recover_current(d) < 0) {
		err_temp(e, errno, "unable to recover %s", d->name);
		goto failed;
	}
	d->buf = mem_alloc(BUFFER);
	return 0;
failed:
	logdir_close(d);
	return -1;
}

uint64_t logdir_close(struct logdir *d)
{
	if (d->buf) {
		logdir_flush(d);
		if (d->plan.command)
			settle(d);
		if (!d->given_up && persist(d, sync_current, "sync current") == 0)
			persist(d, mark_current, "mark current");
	}
	close_results(d);
	fd_close(d->fd);
	fd_close(d->lock);
	mem_free(d->buf);
	mem_free(d->name);
	buf_free(&d->path[0]);
	buf_free(&d->path[1]);
	logold_free(&d->old);
	return d->lost;
}
