/* scandir - the directory of services; see scandir.h. */
#include "svc/scandir.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"
#include "svc/state.h"

int scandir_choose(const char *named, struct buf *dir, struct err *e)
{
	const char *root = conf_env(CONF_INDIMAIL_ROOT);

	buf_clear(dir);
	if (named)
		buf_adds(dir, named);
	else if (root)
		buf_fmt(dir, "%s/service", root);
	else if (conf_line(CONF_SERVICEDIR, dir, e) < 0)
		return -1;
	while (dir->n > 1 && dir->p[dir->n - 1] == '/')
		buf_trunc(dir, dir->n - 1);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Is this entry a service: a directory, hidden or not? */
static bool is_service(const char *dir, const char *name, bool hidden)
{
	struct buf fn = BUF_INIT;
	struct stat st;
	bool yes;

	if (strcmp(name, ".svscan") == 0 || (name[0] == '.' && !hidden))
		return false;
	buf_fmt(&fn, "%s/%s", dir, name);
	yes = file_stat(fn.p, &st) == 0 && S_ISDIR(st.st_mode);
	buf_free(&fn);
	return yes;
}

int scandir_list(const char *dir, bool hidden, struct service_names *names, struct err *e)
{
	const char *name;
	struct dir d;
	int more;

	if (dir_open(&d, dir) < 0)
		return err_temp(e, errno, "unable to open %s", dir);
	while ((more = dir_next(&d, &name)) > 0)
		if (is_service(dir, name, hidden))
			vec_push(&names->list, mem_copy(name, strlen(name)));
	int num = errno;

	dir_close(&d);
	if (more < 0) {
		scandir_free(names);
		return err_temp(e, num, "unable to read %s", dir);
	}
	if (names->list.n)
		qsort(names->list.p, names->list.n, sizeof *names->list.p, compare);
	return 0;
}

/* Append NAME/log when there is such a directory. */
static void add_log(const char *dir, const char *name, struct service_names *to)
{
	struct buf log = BUF_INIT, fn = BUF_INIT;
	struct stat st;

	buf_fmt(&log, "%s/log", name);
	buf_fmt(&fn, "%s/%s", dir, log.p);
	if (file_stat(fn.p, &st) == 0 && S_ISDIR(st.st_mode))
		vec_push(&to->list, buf_take(&log));
	buf_free(&log);
	buf_free(&fn);
}

int scandir_services(const char *dir, bool mains, bool logs, struct service_names *names, struct err *e)
{
	struct service_names all = {{0}};

	if (scandir_list(dir, false, &all, e) < 0)
		return -1;
	if (mains)
		for (size_t i = 0; i < all.list.n; i++)
			vec_push(&names->list, mem_copy(all.list.p[i], strlen(all.list.p[i])));
	if (logs) {
		add_log(dir, ".svscan", names);
		for (size_t i = 0; i < all.list.n; i++)
			add_log(dir, all.list.p[i], names);
	}
	scandir_free(&all);
	return 0;
}

void scandir_free(struct service_names *names)
{
	for (size_t i = 0; i < names->list.n; i++)
		mem_free(names->list.p[i]);
	vec_free(&names->list);
}

void scandir_pidfile(const char *dir, struct buf *fn)
{
	const char *run = state_run();

	buf_clear(fn);
	buf_fmt(fn, "%s/.svscan.pid", run ? run : dir);
}

/* The pid in a pid file: its last line, which older releases put behind a binary one; 0 when none. */
static pid_t pid_in(struct str text)
{
	uint64_t pid;

	text = str_rtrim(text);
	if (str_rchr(text, '\n') < text.n)
		text = str_from(text, str_rchr(text, '\n') + 1);
	return num_parse(text, INT32_MAX, &pid) ? (pid_t)pid : 0;
}

/* The pid file, whichever of the two places has one; shared: the machine has it, for some directory. */
static int find_pidfile(const char *dir, struct buf *fn, struct stat *st, bool *shared)
{
	buf_clear(fn);
	buf_fmt(fn, "%s/.svscan.pid", dir);
	if (file_stat(fn->p, st) == 0)
		return 0;
	scandir_pidfile(dir, fn);
	*shared = true;
	return file_stat(fn->p, st);
}


static struct buf claimed = BUF_INIT;

/* Is the process of this pid file an svscan?  The lock tells of ours, the name of others. */
static bool is_running(int fd)
{
	struct buf text = BUF_INIT, fn = BUF_INIT;
	bool running = lock_try(fd) < 0 && errno == EWOULDBLOCK;
	pid_t pid = 0;

	if (!running && file_slurp_fd(fd, &text, 4096) == 0)
		pid = pid_in(buf_str(&text));
	if (pid > 0 && pid != proc_pid()) {
		buf_clear(&text);
		buf_fmt(&fn, "/proc/%ld/comm", (long)pid);
		running = file_slurp(fn.p, &text, 256) == 0 && str_eq(str_rtrim(buf_str(&text)), STR("svscan"));
	}
	buf_free(&text);
	buf_free(&fn);
	return running;
}

/* Whether a process works in dir; true when that cannot be told. */
static bool works_in(pid_t pid, const char *dir)
{
	struct buf fn = BUF_INIT;
	struct stat a, b;

	buf_fmt(&fn, "/proc/%ld/cwd", (long)pid);
	bool yes = file_stat(fn.p, &a) < 0 || file_stat(dir, &b) < 0 ||
		(a.st_dev == b.st_dev && a.st_ino == b.st_ino);

	buf_free(&fn);
	return yes;
}

int scandir_svscan(const char *dir, pid_t *pid, time_t *since, struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	struct stat st;
	pid_t p;
	bool shared = false;
	int r = 0, fd = -1;

	if (find_pidfile(dir, &fn, &st, &shared) < 0)
		r = errno == ENOENT ? 0 : err_temp(e, errno, "unable to stat %s", fn.p);
	else if ((fd = file_open(fn.p, O_RDONLY, 0)) < 0 || file_slurp_fd(fd, &text, 4096) < 0)
		r = err_temp(e, errno, "unable to read %s", fn.p);
	else if ((p = pid_in(buf_str(&text))) > 0 && fd_seek(fd, 0) == 0 && is_running(fd) &&
		(!shared || works_in(p, dir))) {
		*pid = p;
		*since = st.st_mtime;
		r = 1;
	}
	fd_close(fd);
	buf_free(&fn);
	buf_free(&text);
	return r;
}

/* A new pid file beside the old one, locked before it gets its name. */
static int write_pidfile(const char *fn, struct err *e)
{
	struct buf tmp = BUF_INIT, text = BUF_INIT;
	int fd, old, r = -1;

	old = file_open(fn, O_RDONLY, 0);
	if (old >= 0 && is_running(old)) {
		err_perm(e, 0, "[svscan] already running");
		fd_close(old);
		return -1;
	}
	fd_close(old);
	buf_fmt(&tmp, "%s.%ld", fn, (long)proc_pid());
	buf_fmt(&text, "%ld\n", (long)proc_pid());
	file_unlink(tmp.p);
	fd = file_open(tmp.p, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd >= 0 && lock_try(fd) == 0 && fd_write_all(fd, text.p, text.n) == 0 && file_rename(tmp.p, fn) == 0)
		r = 0;	/* the descriptor stays open as long as we run */
	else
		err_temp(e, errno, "unable to write %s", fn);
	if (r < 0) {
		fd_close(fd);
		file_unlink(tmp.p);
	}
	buf_free(&tmp);
	buf_free(&text);
	return r;
}

int scandir_claim(struct err *e)
{
	const char *run = state_run();

	if (run && (file_mkdir(run, 0755) == 0 || errno == EEXIST) && file_access(run, W_OK)) {
		scandir_pidfile(".", &claimed);
		if (write_pidfile(claimed.p, e) == 0)
			return 0;
		if (e->class == ERR_PERM)
			return -1;
	}
	/* no run directory, or none for us */
	buf_set(&claimed, STR(".svscan.pid"));
	return write_pidfile(claimed.p, e);
}

void scandir_leave(void)
{
	file_unlink(claimed.p);
	buf_free(&claimed);
}
