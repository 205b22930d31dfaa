/* scan - walk a queue directory; see scan.h. */
#include "queue/scan.h"

#include <errno.h>

#include "core/base/num.h"
#include "core/sys/file.h"
#include "queue/loose.h"

struct walk {
	int (*each)(const struct queue_file *f, void *arg);
	void *arg;
	struct err *e;
};

/* One name: a file for the caller, or a part for later. */
static int entry(const struct walk *w, const char *dir, const char *name, int part, bool *parts)
{
	struct buf path = BUF_INIT;
	struct stat st;
	struct queue_file f = {.name = name, .part = part, .st = &st};
	bool number = num_parse(str_z(name), UINT64_MAX, &f.id);
	int r = 0;

	buf_fmt(&path, "%s/%s", dir, name);
	f.path = path.p;
	if (file_lstat(path.p, &st) < 0) {
		if (errno != ENOENT)
			r = err_temp(w->e, errno, "unable to stat %s", path.p);
	} else if (S_ISDIR(st.st_mode) && part == SCAN_FLAT && number && f.id < LAYOUT_SPLIT_MAX) {
		parts[f.id] = true;
	} else {
		if (!S_ISREG(st.st_mode))
			f.id = 0;
		r = w->each(&f, w->arg);
	}
	buf_free(&path);
	return r;
}

static int scan_dir(const struct walk *w, const char *dir, int part, bool *parts)
{
	struct dir d;
	const char *name;
	int r = 0, more;

	if (dir_open(&d, dir) < 0)
		return errno == ENOENT ? 0 : err_temp(w->e, errno, "unable to read the directory %s", dir);
	while (r == 0 && (more = dir_next(&d, &name)) != 0)
		r = more < 0 ? err_temp(w->e, errno, "unable to read the directory %s", dir) :
			entry(w, dir, name, part, parts);
	dir_close(&d);
	return r;
}

int queue_scan(const char *queue, enum part part, int (*each)(const struct queue_file *f, void *arg), void *arg,
	struct err *e)
{
	struct walk w = {each, arg, e};
	bool parts[LAYOUT_SPLIT_MAX] = {false};
	struct buf dir = BUF_INIT;

	loose_file_all(queue, NULL, NULL);
	if (!str_eq(str_z(queue), STR(".")))
		buf_fmt(&dir, "%s/", queue);
	buf_adds(&dir, layout_names[part]);
	size_t base = dir.n;
	int r = scan_dir(&w, dir.p, SCAN_FLAT, parts);

	for (int i = 0; r == 0 && i < LAYOUT_SPLIT_MAX; i++) {
		buf_trunc(&dir, base);
		buf_fmt(&dir, "/%d", i);
		if (parts[i])
			r = scan_dir(&w, dir.p, i, NULL);
	}

	buf_free(&dir);
	return r;
}
