/* spare - recycled files of a queue; see spare.h. */
#include "queue/spare.h"

#include <errno.h>

#include "core/sys/file.h"
#include "core/sys/rand.h"

enum { SPARES = 64, TRIES = 6 };

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

int spare_take(const char *dir, const char *fn)
{
	struct buf name = BUF_INIT;
	int fd = -1;

	for (int i = 0; fd < 0 && i < TRIES; i++) {
		slot_name(dir, &name);
		if (file_rename_new(name.p, fn) == 0) {
			fd = file_open(fn, O_WRONLY | O_TRUNC, 0);
			if (fd < 0)
				file_unlink(fn);
		} else if (errno != ENOENT) {
			break;
		}
	}
	buf_free(&name);
	return fd;
}

int spare_park(const char *fn, bool empty)
{
	struct buf name = BUF_INIT;
	int r = empty ? file_empty(fn) : 0;

	for (int i = 0; r == 0 && i < TRIES; i++) {
		slot_name(".", &name);
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
