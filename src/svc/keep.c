/* keep - the state directory of a running supervise; see keep.h. */
#include "svc/keep.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"
#include "svc/state.h"

enum { CODE_TAKEN = 100 };

static void path_of(const struct keep *k, const char *name, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "%s/supervise/%s", k->dir.p, name);
}

/* mkdir that is content with what is there. */
static int have_dir(const char *fn, mode_t mode)
{
	return file_mkdir(fn, mode) < 0 && errno != EEXIST ? -1 : 0;
}

/* The directory of name below the run directory, each part with the mode and owner of the service's own. */
static int make_run_dir(const char *run, const char *name, struct buf *dir)
{
	struct str parent = str_to(str_z(name), str_chr(str_z(name), '/'));
	struct stat st;

	if (have_dir(run, 0755) < 0 || file_stat(".", &st) < 0)
		return -1;
	buf_fmt(dir, "%s/%.*s", run, STR_FMT(parent));
	for (int part = 0; part < 2; part++) {
		if (file_mkdir(dir->p, st.st_mode & 07777) == 0)
			file_chown(dir->p, st.st_uid, st.st_gid);	/* as far as we may */
		else if (errno != EEXIST)
			return -1;
		if (parent.n == str_z(name).n)
			break;
		buf_fmt(dir, "%s", name + parent.n);
		parent = str_z(name);
	}
	buf_adds(dir, "/supervise");
	if (have_dir(dir->p, 0700) < 0 || !file_access(dir->p, W_OK | X_OK))
		return -1;
	buf_trunc(dir, dir->n - str_z("/supervise").n);
	return 0;
}

static int open_lock(const char *fn)
{
	int fd = file_open(fn, O_WRONLY | O_APPEND | O_CREAT, 0600);

	if (fd >= 0 && lock_try(fd) < 0) {
		int num = errno;

		fd_close(fd);
		errno = num;
		return -1;
	}
	return fd;
}

/* State that lies in the service directory from times without a run directory misleads svc and svstat: away with
 * it, unless a supervise is at home there. */
static int remove_stale(const char *dir, struct err *e)
{
	static const char *const names[] = {"control", "ok", "status", "up", "dn", "service", "lock"};
	struct buf fn = BUF_INIT;
	int r = 0, lock;

	buf_fmt(&fn, "%s/lock", dir);
	if (file_exists(fn.p)) {
		lock = open_lock(fn.p);
		if (lock < 0 && errno == EWOULDBLOCK) {
			r = err_code(e, CODE_TAKEN, errno, "unable to acquire %s", fn.p);
			goto out;
		}
		fd_close(lock);
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s", dir, names[i]);
		file_unlink(fn.p);
	}
	file_rmdir(dir);
out:
	buf_free(&fn);
	return r;
}

static int choose_dir(struct keep *k, const char *name, struct err *e)
{
	const char *run = state_run();
	struct buf dir = BUF_INIT;
	int r = 0;

	buf_set(&k->dir, STR("."));
	if (run && make_run_dir(run, name, &dir) == 0) {
		buf_set(&k->dir, buf_str(&dir));
		if (file_exists("supervise"))
			r = remove_stale("supervise", e);
		if (r == 0 && file_exists("log/supervise"))
			r = remove_stale("log/supervise", e);
	} else if (have_dir("supervise", 0700) < 0) {
		r = err_temp(e, errno, "unable to create supervise");
	}
	buf_free(&dir);
	return r;
}

/* Make the FIFO when it is missing; anything else of that name is not ours to remove. */
static int open_fifo(const struct keep *k, const char *name, int flags, struct err *e)
{
	struct buf fn = BUF_INIT;
	struct stat st;
	int fd = -1;

	path_of(k, name, &fn);
	if (file_mkfifo(fn.p, 0600) < 0 && errno != EEXIST)
		err_temp(e, errno, "unable to create %s", fn.p);
	else if ((fd = file_open(fn.p, flags | O_NONBLOCK, 0)) < 0)
		err_temp(e, errno, "unable to open %s", fn.p);
	else if (file_fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode)) {
		err_temp(e, 0, "%s is not a FIFO", fn.p);
		fd_close(fd);
		fd = -1;
	}
	buf_free(&fn);
	return fd;
}

/* Who is the process of a former supervise: "PID TICKS SVSCAN\n".  With /proc its start tells, without it the
 * svscan that is still the same one. */
static pid_t same_process(struct str text)
{
	struct str pid_word = str_word(&text), ticks_word = str_word(&text), svscan = str_word(&text);
	const char *id = conf_env(CONF_SVSCAN_ID);
	uint64_t pid, ticks, now;

	if (!num_parse(pid_word, INT32_MAX, &pid) || !num_parse(ticks_word, UINT64_MAX, &ticks) || pid < 2)
		return 0;
	if (proc_kill((pid_t)pid, 0) < 0 && errno != EPERM)
		return 0;
	if (proc_start_ticks((pid_t)pid, &now) == 0)
		return now == ticks ? (pid_t)pid : 0;
	return ticks == 0 && id && str_eq(svscan, str_z(id)) ? (pid_t)pid : 0;
}

static void look_back(const struct keep *k, struct keep_left *left)
{
	struct buf dir = BUF_INIT, fn = BUF_INIT, text = BUF_INIT;

	left->pid = 0;
	buf_fmt(&dir, "%s/supervise", k->dir.p);
	path_of(k, "service", &fn);
	if (state_read(dir.p, &left->status, NULL) == 0 && left->status.up && file_slurp(fn.p, &text, 256) == 0)
		left->pid = same_process(str_trim(buf_str(&text)));
	if ((uint32_t)left->pid != left->status.pid)
		left->pid = 0;
	buf_free(&dir);
	buf_free(&fn);
	buf_free(&text);
}

static int open_files(struct keep *k, struct keep_left *left, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = -1;

	path_of(k, "lock", &fn);
	k->lock = open_lock(fn.p);
	if (k->lock < 0) {
		err_code(e, errno == EWOULDBLOCK ? CODE_TAKEN : 111, errno, "unable to acquire %s", fn.p);
		goto out;
	}
	look_back(k, left);
	path_of(k, "status", &fn);
	k->status = file_open(fn.p, O_WRONLY | O_CREAT, 0644);
	if (k->status < 0) {
		err_temp(e, errno, "unable to open %s", fn.p);
		goto out;
	}
	k->control = open_fifo(k, "control", O_RDONLY, e);
	k->control_writer = k->control < 0 ? -1 : open_fifo(k, "control", O_WRONLY, e);
	if (k->control_writer < 0)
		goto out;
	/* made now, so that whoever waits for up or down can open them at once */
	for (int i = 0; i < 2; i++) {
		int fd = open_fifo(k, i ? "dn" : "up", O_RDONLY, e);

		if (fd < 0)
			goto out;
		fd_close(fd);
	}
	r = 0;
out:
	buf_free(&fn);
	return r;
}

int keep_open(struct keep *k, const char *name, struct keep_left *left, struct err *e)
{
	*k = (struct keep){.dir = BUF_INIT, .lock = -1, .control = -1, .control_writer = -1, .ok = -1, .status = -1,
		.up = -1, .down = -1};
	if (choose_dir(k, name, e) < 0 || open_files(k, left, e) < 0)
		return -1;
	if (file_truncate(k->status, STATUS_SIZE) < 0)
		return err_temp(e, errno, "unable to write supervise/status");
	return 0;
}

int keep_announce(struct keep *k, const struct status *s)
{
	unsigned char bytes[STATUS_SIZE];

	status_pack(s, bytes);
	if (fd_seek(k->status, 0) < 0 || fd_write_all(k->status, bytes, sizeof bytes) < 0)
		return -1;
	/* only now is there something to ask about */
	if (k->ok < 0)
		k->ok = open_fifo(k, "ok", O_RDONLY, NULL);
	return k->ok < 0 ? -1 : 0;
}

/* One block of always the same size, written over the old one: a full disk is in nobody's way. */
void keep_service(struct keep *k, pid_t pid)
{
	enum { SIZE = 64 };
	const char *id = conf_env(CONF_SVSCAN_ID);
	char text[SIZE + 1];
	struct buf fn = BUF_INIT;
	uint64_t ticks = 0;

	if (proc_start_ticks(pid, &ticks) < 0)
		ticks = 0;
	int n = snprintf(text, sizeof text, "%ld %llu %.20s", (long)pid, (unsigned long long)ticks, id ? id : "-");

	memset(text + n, ' ', (size_t)(SIZE - n));
	text[SIZE - 1] = '\n';
	path_of(k, "service", &fn);
	int fd = file_open(fn.p, O_WRONLY | O_CREAT, 0600);

	/* without it a successor starts the service anew: no reason to stop */
	if (fd >= 0)
		fd_write_all(fd, text, SIZE);
	fd_close(fd);
	buf_free(&fn);
}

static void show(struct keep *k, int *fd, const char *name, bool on)
{
	if (on && *fd < 0)
		*fd = open_fifo(k, name, O_RDONLY, NULL);
	if (!on && *fd >= 0) {
		fd_close(*fd);
		*fd = -1;
	}
}

void keep_show(struct keep *k, bool up, bool down)
{
	show(k, &k->up, "up", up);
	show(k, &k->down, "dn", down);
}
