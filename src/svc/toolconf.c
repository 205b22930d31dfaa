/* toolconf - SYSCONFDIR/svctool.cnf and TMPDIR; see toolconf.h. */
#include "svc/toolconf.h"

#include <errno.h>

#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "svc/shellvars.h"

enum { TEXT_MAX = 1 << 16 };

static const char tmp_of_root[] = "/tmp/minisvc";

static void path(const struct admin *a, struct buf *fn)
{
	buf_fmt(fn, "%s%s/svctool.cnf", a->destdir, admin_sysconfdir());
}

int toolconf_protect(const struct admin *a, struct err *e)
{
	struct buf fn = BUF_INIT;
	struct stat st;
	int r = 0;

	path(a, &fn);
	if (proc_euid() == 0 && file_lstat(fn.p, &st) == 0 && S_ISREG(st.st_mode) &&
		((st.st_mode & 07777) != 0400 || st.st_uid != 0 || st.st_gid != 0)) {
		admin_say(a, "fixing permissions of svctool.cnf");
		if (file_chown(fn.p, 0, 0) < 0 || file_chmod(fn.p, 0400) < 0)
			r = err_temp(e, errno, "unable to chmod %s", fn.p);
	}
	buf_free(&fn);
	return r;
}

/* TMPDIR as the file says: 1, 0 when it does not, or we may not read it. */
static int from_file(const struct admin *a, struct buf *value, struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	int r = 0;

	path(a, &fn);
	if (file_slurp(fn.p, &text, TEXT_MAX) < 0) {
		if (errno != ENOENT && errno != ENOTDIR && (errno != EACCES || proc_euid() == 0))
			r = err_temp(e, errno, "unable to read %s", fn.p);
	} else {
		r = shellvars_find(buf_str(&text), "TMPDIR", value);
		if (r < 0 || (r == 1 && value->p[0] != '/'))
			r = err_perm(e, 0, "%s: TMPDIR must be a plain absolute path", fn.p);
	}
	buf_free(&fn);
	buf_free(&text);
	return r;
}

/* In a directory everybody may write to somebody else may have been there first. */
static int own(const char *dir, struct err *e)
{
	struct stat st;

	if (file_lstat(dir, &st) < 0)
		return err_temp(e, errno, "unable to find %s", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != proc_euid() || st.st_mode & 077)
		return err_perm(e, 0, "%s: not a directory of ours alone", dir);
	return 0;
}

int toolconf_tmpdir(const struct admin *a, struct err *e)
{
	struct buf dir = BUF_INIT;
	int r = from_file(a, &dir, e);
	bool given = r == 1 || conf_getenv("TMPDIR");

	if (r == 0 && given)
		buf_adds(&dir, conf_getenv("TMPDIR"));
	else if (r == 0 && proc_euid() == 0)
		buf_adds(&dir, tmp_of_root);
	if (r >= 0 && dir.n) {
		r = file_mkdirs(dir.p, 0700) < 0 ? err_temp(e, errno, "unable to create %s", dir.p) :
			given ? 0 : own(dir.p, e);
		if (r == 0)
			env_put("TMPDIR", dir.p);
	}
	buf_free(&dir);
	return r < 0 ? -1 : 0;
}
