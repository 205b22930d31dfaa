/* logold - old logs get names and are removed; see logold.h. */
#include "svc/logold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/tai.h"
#include "core/base/vec.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"

struct names {
	VEC(char *) list;
};

static const char *path(struct logold *o, int i, const char *name)
{
	buf_clear(&o->path[i]);
	buf_fmt(&o->path[i], "%s/%s", o->dir, name);
	return o->path[i].p;
}

/* Two logs of one instant get stamps that differ, in order. */
static void stamp(struct logold *o, char out[TAI_LABEL])
{
	struct tai_pen pen = TAI_PEN_INIT;
	time_t sec;
	long usec;

	clock_us(&sec, &usec);
	uint32_t nsec = (uint32_t)usec * 1000 + 500;

	if (sec == o->sec && nsec <= o->nsec)
		nsec = o->nsec < 999999999 ? o->nsec + 1 : o->nsec;
	o->sec = sec;
	o->nsec = nsec;
	tai_label(&pen, out, sec, nsec);
}

static int list(struct logold *o, struct names *names)
{
	const char *name;
	struct dir dir;
	int r;

	if (dir_open(&dir, o->dir) < 0)
		return -1;
	while ((r = dir_next(&dir, &name)) > 0)
		if (name[0] == '@' && strlen(name) >= TAI_LABEL)
			vec_push(&names->list, mem_copy(name, strlen(name)));
	int keep = errno;

	dir_close(&dir);
	errno = keep;
	return r;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* That old logs cannot be removed is no reason to stop writing new ones. */
static void prune(struct logold *o)
{
	struct names names = {0};
	int r = list(o, &names);

	if (names.list.n)
		qsort(names.list.p, names.list.n, sizeof *names.list.p, compare);
	for (size_t i = 0; r == 0 && i + o->keep <= names.list.n; i++)
		if ((r = file_unlink(path(o, 0, names.list.p[i]))) < 0 && errno == ENOENT)
			r = 0;
	o->prune_errno = r < 0 ? errno : 0;
	for (size_t i = 0; i < names.list.n; i++)
		mem_free(names.list.p[i]);
	vec_free(&names.list);
}

int logold_finish(struct logold *o, const char *file, char code)
{
	char name[TAI_LABEL + 3] = {0};
	struct stat st;

	do {
		if (file_stat(path(o, 0, file), &st) < 0)
			return errno == ENOENT ? 0 : -1;
		if (st.st_nlink > 1 || (code == 'u' && st.st_size == 0))
			return file_unlink(path(o, 0, file));
		stamp(o, name);
		name[TAI_LABEL] = '.';
		name[TAI_LABEL + 1] = code;
		if (file_rename_new(path(o, 0, file), path(o, 1, name)) == 0) {
			prune(o);
			return 0;
		}
	} while (errno == EEXIST);
	return -1;
}

void logold_free(struct logold *o)
{
	buf_free(&o->path[0]);
	buf_free(&o->path[1]);
}
