/* spare - recycled files of a queue; see spare.h. */
#include "queue/spare.h"

#include <errno.h>

#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/rand.h"

enum {
	SPARES = 64,
	TRIES = 6,	/* places looked at */
	CLAIMS = 3,	/* spares others may have been faster to take */
};

/* Processes start at different places and go round. */
static unsigned turn(void)
{
	static unsigned n;
	static bool begun;

	if (!begun)
		n = rand_below(SPARES);
	begun = true;
	return n++ % SPARES;
}

static void slot_name(const char *dir, struct buf *name)
{
	buf_clear(name);
	buf_fmt(name, "%s/pid/spare.%u", dir, turn());
}

/* The next spare that seems to be there.  Looking costs nothing; a rename that fails still locks directories. */
static bool next_spare(const char *dir, struct buf *name, struct stat *st)
{
	for (int i = 0; i < TRIES; i++) {
		slot_name(dir, name);
		if (file_stat(name->p, st) == 0)
			return true;
	}
	return false;
}

/* Most spares are empty already and are not truncated again: ext4 would write the message out as soon as it is closed,
 * and most messages are gone before the disk needs them in their place.  *st becomes the file's. */
static int open_empty(const char *fn, struct stat *st)
{
	int fd = file_open(fn, O_WRONLY, 0);

	if (fd >= 0 && file_fstat(fd, st) == 0 && ((st->st_mode & 0777) == 0644 || file_fchmod(fd, 0644) == 0) &&
		(st->st_size == 0 || file_truncate(fd, 0) == 0))
		return fd;
	fd_close(fd);
	file_unlink(fn);
	return -1;
}

int spare_take(const char *dir, const char *fn)
{
	struct buf name = BUF_INIT;
	struct stat st;
	int fd = -1;

	for (int i = 0; fd < 0 && i < CLAIMS && next_spare(dir, &name, &st); i++) {
		if (file_rename_new(name.p, fn) == 0)
			fd = open_empty(fn, &st);
		else if (errno != ENOENT)
			break;
	}
	buf_free(&name);
	return fd;
}

int spare_take_named(const char *dir, void (*path)(uint64_t id, struct buf *fn, void *arg), void *arg, uint64_t *id)
{
	struct buf name = BUF_INIT, fn = BUF_INIT, right = BUF_INIT;
	struct stat st;
	int fd = -1;

	for (int i = 0; fd < 0 && i < CLAIMS && next_spare(dir, &name, &st); i++) {
		path((uint64_t)st.st_ino, &fn, arg);
		if (file_rename_new(name.p, fn.p) < 0)
			continue;
		fd = open_empty(fn.p, &st);
		if (fd < 0)
			break;
		/* another spare may have come to lie there since we looked */
		*id = (uint64_t)st.st_ino;
		path(*id, &right, arg);
		if (str_eq(buf_str(&fn), buf_str(&right)) || file_rename_new(fn.p, right.p) == 0)
			break;
		file_unlink(fn.p);
		fd_close(fd);
		fd = -1;
	}
	buf_free(&name);
	buf_free(&fn);
	buf_free(&right);
	return fd;
}

int spare_park(const char *fn, bool empty)
{
	struct buf name = BUF_INIT;
	int r = empty ? file_empty(fn) : 0;

	for (int i = 0; r == 0 && i < TRIES; i++) {
		slot_name(".", &name);
		if (file_exists(name.p))
			continue;
		r = file_rename_new(fn, name.p);
		if (r == 0)
			goto out;
		if (errno == EEXIST)
			r = 0;
	}
	r = file_unlink(fn);
out:
	buf_free(&name);
	return r;
}
