/* known - contents kept in mind; see known.h. */
#include "core/conf/known.h"

#include <errno.h>
#include <fcntl.h>

#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"

enum {
	FILES = 8,		/* the last ones */
	SIZE_MAX_KEPT = 1024,
	LOOK_MS = 10,		/* how long a look at the file counts within a job */
};

struct known {
	struct buf fn, text;
	struct stat st;		/* as it was before it was read */
	unsigned job;		/* of the last look */
	long long looked;
};
static struct known files[FILES];
static unsigned next;

static struct known *find(struct str fn)
{
	for (int i = 0; i < FILES; i++)
		if (str_eq(buf_str(&files[i].fn), fn))
			return &files[i];
	return NULL;
}

static bool still_true(struct known *k, unsigned job)
{
	long long now = clock_coarse_ms();
	struct stat st;

	if (job == k->job && now - k->looked < LOOK_MS)
		return true;
	if (file_stat(k->fn.p, &st) < 0 || !file_unchanged(&k->st, &st))
		return false;
	k->job = job;
	k->looked = now;
	return true;
}

static void keep(struct known *k, struct str fn, const struct stat *st, struct str text, unsigned job)
{
	if (!k)
		k = &files[next++ % FILES];
	buf_set(&k->fn, fn);
	buf_set(&k->text, text);
	k->st = *st;
	k->job = job;
	k->looked = clock_coarse_ms();
}

/* Not there any more, or not fit to be kept. */
static void forget(struct known *k)
{
	if (k)
		buf_clear(&k->fn);
}

static int read_file(const char *fn, struct stat *st, struct buf *text, size_t max)
{
	int fd = file_open(fn, O_RDONLY, 0);

	if (fd < 0)
		return -1;
	int r = file_fstat(fd, st) < 0 || file_slurp_fd(fd, text, max) < 0 ? -1 : 0, error = errno;

	fd_close(fd);
	errno = error;
	return r;
}

int known_slurp(const char *fn, unsigned job, struct buf *text, size_t max)
{
	struct known *k = NULL;
	size_t before = text->n;
	struct stat st;

	if (job < 2 || fn[0] != '/')
		return file_slurp(fn, text, max);
	k = find(str_z(fn));
	if (k && still_true(k, job)) {
		buf_add(text, buf_str(&k->text));
		return 0;
	}
	int r = read_file(fn, &st, text, max);
	struct str now = str_from(buf_str(text), before);

	if (r == 0 && now.n <= SIZE_MAX_KEPT && S_ISREG(st.st_mode) && (off_t)now.n == st.st_size && file_at_rest(&st))
		keep(k, str_z(fn), &st, now, job);
	else
		forget(k);
	return r;
}
