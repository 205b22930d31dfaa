/* scandirs - remove directories of qscanq; see scandirs.h. */
#include "queue/scandirs.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/sys/file.h"

enum { LEVELS = 2 };

/* Everything in dir; what is a directory itself only while levels are left. */
static int empty(const char *dir, int levels)
{
	struct buf fn = BUF_INIT;
	const char *name;
	struct dir d;
	int r = 0, more;

	if (dir_open(&d, dir) < 0)
		return -1;
	while ((more = dir_next(&d, &name)) > 0) {
		struct stat st;

		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s", dir, name);
		bool is_dir = file_lstat(fn.p, &st) == 0 && S_ISDIR(st.st_mode);

		if (!is_dir)
			r |= file_unlink(fn.p);
		else if (levels > 0)
			r |= empty(fn.p, levels - 1) < 0 ? -1 : file_rmdir(fn.p);
		else
			r = -1;
	}
	dir_close(&d);
	buf_free(&fn);
	return r < 0 || more < 0 ? -1 : 0;
}

int scandirs_remove(const char *dir)
{
	return empty(dir, LEVELS) < 0 ? -1 : file_rmdir(dir);
}
