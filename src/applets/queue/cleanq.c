/* cleanq - remove what scans of qscanq have left behind.  Run as a service (qscanq) by the scanning user, in the directory
 * of the scans or with its name; one pass, then it sleeps and ends, to be started again. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "queue/scandirs.h"

enum { AGE_OUT = 3600, OLD = 3 * AGE_OUT };	/* seconds that a scan may take; after which nobody works there */

static int talk;
static long pause_seconds = 10;

static const struct opt opts[] = {
	FLAG('l', NULL, &talk, "say what is skipped and removed"),
	NUM('s', NULL, &pause_seconds, "SECS", "seconds to sleep in the end (10)"),
	OPTS_END
};

static void say(const char *what, const char *name)
{
	if (talk)
		log_line("%s: %s %s", log_program(), what, name);
}

/* A directory of a scan: in use while it is sticky, but not for ever. */
static bool over(const struct stat *st)
{
	return !(st->st_mode & 01000) || st->st_mtime + OLD < clock_now();
}

static void look_at(const char *name)
{
	struct stat st;
	int r = 0;

	if (file_lstat(name, &st) < 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		r = file_unlink(name);
	} else if (name[0] != '@') {
		say("skipping", name);
		return;
	} else if (over(&st)) {
		r = scandirs_remove(name);
	} else {
		return;
	}
	if (r < 0 && errno != ENOENT)
		log_warn("unable to remove %s: %s", name, log_errno(errno));
	else
		say("removed", name);
}

static int cleanq_main(int argc, char **argv)
{
	const char *name;
	struct dir d;
	int more;

	if (argc > 2 || pause_seconds < 0)
		die_usage();
	if (argc == 2 && file_chdir(argv[1]) < 0)
		die(111, "unable to enter %s: %s", argv[1], log_errno(errno));
	if (dir_open(&d, ".") < 0)
		die(111, "unable to read the directory: %s", log_errno(errno));
	while ((more = dir_next(&d, &name)) > 0)
		look_at(name);
	dir_close(&d);
	if (more < 0)
		die(111, "unable to read the directory: %s", log_errno(errno));
	clock_sleep_ms(pause_seconds * 1000);
	return 0;
}

APPLET(cleanq) = {
	.name = "cleanq", .family = "queue",
	.brief = "remove what scans of qscanq have left behind",
	.args = "[directory]", .opts = opts, .role = AS_CALLER, .main = cleanq_main,
};
