/* refresh - the command that made a service; see refresh.h. */
#include "svc/refresh.h"

#include <errno.h>

#include "core/sys/file.h"
#include "core/sys/proc.h"

enum { TEXT_MAX = 1 << 16 };

static bool marked(const char *dir)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/.norefreshsvc", dir);
	bool yes = file_exists(fn.p);

	buf_free(&fn);
	return yes;
}

/* What is run here is run with our rights: nobody else may have written it. */
static bool trusted(const char *fn)
{
	struct stat st;

	return file_stat(fn, &st) == 0 && (st.st_uid == 0 || st.st_uid == proc_euid()) && !(st.st_mode & 022);
}

int refresh_read(const char *dir, bool force, struct buf *text, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = REFRESH_RUN;

	buf_clear(text);
	buf_fmt(&fn, "%s/.options", dir);
	if (!force && marked(dir))
		r = REFRESH_MARKED;
	else if (!file_exists(fn.p))
		r = REFRESH_MISSING;
	else if (!trusted(fn.p))
		r = err_perm(e, 0, "%s: others may write to it", fn.p);
	else if (file_slurp(fn.p, text, TEXT_MAX) < 0)
		r = err_temp(e, errno, "unable to read %s", fn.p);
	buf_set(text, str_rtrim(buf_str(text)));
	buf_free(&fn);
	return r;
}

int refresh_mark(const char *dir, bool never, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	buf_fmt(&fn, "%s/.norefreshsvc", dir);
	if (never)
		r = file_replace(fn.p, STR(""), 0640, e);
	else if (file_unlink(fn.p) < 0 && errno != ENOENT)
		r = err_temp(e, errno, "unable to remove %s", fn.p);
	buf_free(&fn);
	return r;
}
