/* retire - take a service out of use and back; see retire.h. */
#include "svc/retire.h"

#include <errno.h>
#include <signal.h>

#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "svc/halt.h"
#include "svc/scandir.h"
#include "svc/state.h"

bool retire_split(struct str path, struct buf *dir, struct buf *name)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	size_t slash = str_rchr(path, '/');

	buf_set(name, slash < path.n ? str_from(path, slash + 1) : path);
	buf_set(dir, slash == path.n ? STR(".") : str_to(path, slash ? slash : 1));
	return name->n && !str_eq(buf_str(name), STR(".")) && !str_eq(buf_str(name), STR(".."));
}

static int rename_in(const char *dir, const char *from_dot, const char *to_dot, const char *name)
{
	struct buf from = BUF_INIT, to = BUF_INIT;

	buf_fmt(&from, "%s/%s%s", dir, from_dot, name);
	buf_fmt(&to, "%s/%s%s", dir, to_dot, name);
	int r = file_rename_new(from.p, to.p), num = errno;

	buf_free(&from);
	buf_free(&to);
	errno = num;
	return r;
}

static bool supervised(const char *path)
{
	struct buf state = BUF_INIT;
	bool yes = state_find(path, &state, NULL) == 0 && state_ok(state.p) == 1;

	buf_free(&state);
	return yes;
}

int retire_service(const char *dir, const char *name, struct err *e)
{
	struct buf path = BUF_INIT;
	const char *run = state_run();
	int r = 0;

	buf_fmt(&path, "%s/%s", dir, name);
	if (!supervised(path.p))
		r = err_perm(e, 0, "%s/supervise not a supervise directory", path.p);
	else if (rename_in(dir, "", ".", name) < 0)
		r = err_temp(e, errno, "unable to rename %s", path.p);
	if (r == 0) {
		if (run)
			rename_in(run, "", ".", name);	/* there may be none: the state may lie in the service */
		buf_clear(&path);
		buf_fmt(&path, "%s/.%s", dir, name);
		halt_send(path.p, 0, STR("dx"));
		buf_adds(&path, "/log");
		halt_send(path.p, 0, STR("dx"));
		r = file_sync_dir(dir) < 0 ? err_temp(e, errno, "unable to sync %s", dir) : 0;
	}
	buf_free(&path);
	return r;
}

/* Remove a directory of state: three levels, no links followed. */
static void remove_tree(const char *path, int depth)
{
	struct buf fn = BUF_INIT;
	const char *name;
	struct stat st;
	struct dir d;

	if (depth > 3 || file_lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || dir_open(&d, path) < 0)
		return;
	while (dir_next(&d, &name) > 0) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s", path, name);
		if (file_lstat(fn.p, &st) == 0 && S_ISDIR(st.st_mode))
			remove_tree(fn.p, depth + 1);
		else
			file_unlink(fn.p);
	}
	dir_close(&d);
	file_rmdir(path);
	buf_free(&fn);
}

int retire_undo(const char *dir, const char *name, struct err *e)
{
	struct buf path = BUF_INIT;
	const char *run = state_run();
	time_t since;
	pid_t svscan;
	int r = 0;

	if (rename_in(dir, ".", "", name) < 0)
		r = errno == EEXIST ? err_perm(e, 0, "%s exists", name) :
			err_temp(e, errno, "unable to rename %s/.%s", dir, name);
	if (r == 0) {
		if (run) {
			buf_fmt(&path, "%s/.%s", run, name);
			remove_tree(path.p, 0);
		}
		if (scandir_svscan(dir, &svscan, &since, NULL) == 1)
			proc_kill(svscan, SIGHUP);
		r = file_sync_dir(dir) < 0 ? err_temp(e, errno, "unable to sync %s", dir) : 0;
	}
	buf_free(&path);
	return r;
}
