/* standstill - stop services for a while; see standstill.h. */
#include "svc/standstill.h"

#include <errno.h>

#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "svc/state.h"

static const struct str BASE = {"/var/tmp", 8};

/* Anybody may write to /var/tmp: believe only what root or we have made, and nobody else can change. */
static bool ours(const char *path)
{
	struct stat st;

	return file_lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_uid == 0 || st.st_uid == proc_euid()) &&
		!(st.st_mode & 022);
}

/* Every directory from below BASE to the end of path. */
static bool all_ours(const char *path)
{
	struct str s = str_z(path);
	struct buf b = BUF_INIT;
	bool yes = true;

	for (size_t i = BASE.n + 1; yes && i <= s.n; i++) {
		if (i < s.n && s.p[i] != '/')
			continue;
		buf_set(&b, str_to(s, i));
		yes = ours(b.p);
	}
	buf_free(&b);
	return yes;
}

/* /var/tmp/SCANDIR/NAME; ordinary users cannot share directories there, so theirs is
 * /var/tmp/svps.UID/SCANDIR/NAME. */
static int memory(const char *dir, const char *name, struct buf *path, struct err *e)
{
	struct buf cwd = BUF_INIT;

	if (dir[0] != '/') {
		if (file_cwd(&cwd) < 0)
			return err_temp(e, errno, "unable to get the current directory");
		buf_addc(&cwd, '/');
	}
	buf_add(path, BASE);
	if (proc_euid() != 0)
		buf_fmt(path, "/svps.%lu", (unsigned long)proc_euid());
	buf_fmt(path, "%s%s%s/%s", cwd.n || dir[0] == '/' ? "" : "/", cwd.p, dir, name);
	buf_free(&cwd);
	return 0;
}

static int command(const char *dir, const char *name, struct str bytes, struct err *e)
{
	struct buf service = BUF_INIT, path = BUF_INIT;
	int r;

	buf_fmt(&service, "%s/%s", dir, name);
	r = state_find(service.p, &path, e);
	if (r == 0 && state_command(path.p, bytes) < 0)
		r = err_temp(e, errno, "unable to control it");
	buf_free(&service);
	buf_free(&path);
	return r;
}

int standstill_stop(const char *dir, const char *name, const struct report *r, struct err *e)
{
	struct buf path = BUF_INIT;
	int fd = -1, result = -1;

	if (r->trouble.class || !r->status.up || r->status.want == 'd')
		return 0;
	if (memory(dir, name, &path, e) < 0)
		goto out;
	if (file_mkdirs(path.p, 0700) < 0 || !all_ours(path.p)) {
		err_temp(e, 0, "%s is not ours to write in", path.p);
		goto out;
	}
	buf_adds(&path, "/down");
	fd = file_open(path.p, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0)
		err_temp(e, errno, "unable to create %s", path.p);
	else if (command(dir, name, STR("d"), e) == 0)
		result = 1;
	fd_close(fd);
out:
	buf_free(&path);
	return result;
}

int standstill_resume(const char *dir, const char *name, struct err *e)
{
	struct buf path = BUF_INIT, down = BUF_INIT;
	int result = memory(dir, name, &path, e);

	buf_fmt(&down, "%s/down", path.p);
	if (result == 0 && file_exists(down.p)) {
		if (!all_ours(path.p))
			result = err_temp(e, 0, "%s is not ours to read in", path.p);
		else if (command(dir, name, STR("u"), e) < 0)
			result = -1;
		else
			result = file_unlink(down.p) < 0 ? err_temp(e, errno, "unable to remove %s", down.p) : 1;
	}
	buf_free(&path);
	buf_free(&down);
	return result;
}
