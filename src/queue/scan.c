/* scan - walk a queue directory; see scan.h. */
#include "queue/scan.h"

#include <errno.h>

#include "core/base/num.h"
#include "core/sys/file.h"

struct walk {
	int (*each)(const struct queue_file *f, void *arg);
	void *arg;
	struct err *e;
};

static int scan_dir(const struct walk *w, const char *dir, int part);

/* One name: a file, a part to enter, or something else. */
static int entry(const struct walk *w, const char *dir, const char *name, int part)
{
	struct buf path = BUF_INIT;
	struct stat st;
	struct queue_file f = {.name = name, .part = part, .st = &st};
	int r = 0;

	buf_fmt(&path, "%s/%s", dir, name);
	f.path = path.p;
	if (!num_parse(str_z(name), UINT64_MAX, &f.id))
		f.id = 0;
	if (file_lstat(path.p, &st) < 0) {
		if (errno != ENOENT)
			r = err_temp(w->e, errno, "unable to stat %s", path.p);
	} else if (S_ISDIR(st.st_mode) && part == SCAN_FLAT && f.id < LAYOUT_SPLIT_MAX && (f.id || name[0] == '0')) {
		r = scan_dir(w, path.p, (int)f.id);
	} else {
		if (!S_ISREG(st.st_mode))
			f.id = 0;
		r = w->each(&f, w->arg);
	}
	buf_free(&path);
	return r;
}

static int scan_dir(const struct walk *w, const char *dir, int part)
{
	struct dir d;
	const char *name;
	int r = 0, more;

	if (dir_open(&d, dir) < 0)
		return errno == ENOENT ? 0 : err_temp(w->e, errno, "unable to read the directory %s", dir);
	while (r == 0 && (more = dir_next(&d, &name)) != 0)
		r = more < 0 ? err_temp(w->e, errno, "unable to read the directory %s", dir) : entry(w, dir, name, part);
	dir_close(&d);
	return r;
}

int queue_scan(const char *queue, enum part part, int (*each)(const struct queue_file *f, void *arg), void *arg,
	struct err *e)
{
	struct walk w = {each, arg, e};
	struct buf dir = BUF_INIT;

	buf_fmt(&dir, "%s/%s", queue, layout_names[part]);
	int r = scan_dir(&w, dir.p, SCAN_FLAT);

	buf_free(&dir);
	return r;
}
