/* absent - control files known not to be there; see absent.h.
 *
 * The names are true as long as the directory has not changed; those of one that was changed just now are not kept. */
#include "core/conf/absent.h"

#include <errno.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"

enum {
	LOOK_MS = 10,		/* how long a look at the directory counts within a job */
	NAMES_MAX = 2000,	/* a larger directory is not kept in mind */
	NAME_LEN = 255,		/* no longer name can be there, but that is another error */
};

static struct {
	struct buf dir, inside;	/* CONTROLDIR, and the same with /. behind it, which only who may search it can see */
	struct stat st;		/* as it was before its names were read */
	struct arena mem;
	struct map names;	/* case ignored, as some file systems do */
	bool known;		/* names holds them all */
	unsigned job;		/* of the last look */
	long long looked;
} seen;

static void forget_names(void)
{
	map_free(&seen.names);
	arena_free(&seen.mem);
	seen.st = (struct stat){0};
	seen.known = false;
}

static bool read_names(void)
{
	const char *name;
	struct dir d;
	int more, n = 0;

	if (dir_open(&d, seen.dir.p) < 0)
		return false;
	while ((more = dir_next(&d, &name)) > 0 && ++n <= NAMES_MAX)
		map_put(&seen.names, arena_str(&seen.mem, str_z(name)), STR(""));
	dir_close(&d);
	return more == 0;
}

static void look(void)
{
	struct stat st;

	if (file_stat(seen.inside.p, &st) < 0) {
		forget_names();
		return;
	}
	if (file_unchanged(&seen.st, &st))
		return;
	forget_names();
	if (!file_at_rest(&st))
		return;
	seen.known = read_names();
	seen.st = st;
}

static void look_if_due(unsigned job)
{
	long long now = clock_coarse_ms();

	if (job == seen.job && now - seen.looked < LOOK_MS)
		return;
	int keep = errno;

	look();
	errno = keep;
	seen.job = job;
	seen.looked = now;
}

/* Is dir the directory whose names are kept?  It is from now on if it is CONTROLDIR. */
static bool our_dir(struct str dir)
{
	if (str_eq(dir, buf_str(&seen.dir)))
		return true;
	if (dir.p[0] != '/' || !str_eq(dir, str_z(conf_controldir())))
		return false;
	forget_names();
	buf_set(&seen.dir, dir);
	buf_set(&seen.inside, dir);
	buf_adds(&seen.inside, "/.");
	seen.job = 0;
	return true;
}

bool absent_file(const char *fn, unsigned job)
{
	struct str path = str_z(fn);
	size_t slash = str_rchr(path, '/');

	if (job < 2 || slash == 0 || slash == path.n)
		return false;
	struct str name = str_from(path, slash + 1);

	if (!name.n || name.n > NAME_LEN || name.p[0] == '.' || !our_dir(str_to(path, slash)))
		return false;
	look_if_due(job);
	return seen.known && !map_get(&seen.names, name, NULL);
}
