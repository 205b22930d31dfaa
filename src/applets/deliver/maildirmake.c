/* maildirmake - create a Maildir.  Run by users; parts that exist already are kept. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/buf.h"
#include "core/sys/file.h"

static void make(const char *dir, const char *part)
{
	struct buf path = BUF_INIT;
	struct stat st;

	buf_fmt(&path, "%s%s", dir, part);
	if (file_mkdir(path.p, 0700) < 0 && errno != EEXIST)
		die(111, "unable to create %s: %s", path.p, log_errno(errno));
	if (file_stat(path.p, &st) < 0 || !S_ISDIR(st.st_mode))
		die(111, "%s is not a directory", path.p);
	buf_free(&path);
}

static int maildirmake_main(int argc, char **argv)
{
	static const char *const parts[] = {"", "/tmp", "/new", "/cur"};

	if (argc != 2 || !*argv[1])
		die_usage();
	file_umask(077);
	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
		make(argv[1], parts[i]);
	return 0;
}

APPLET(maildirmake) = {
	.name = "maildirmake", .aliases = "qmaildirmake", .family = "deliver",
	.brief = "create a Maildir",
	.args = "directory", .role = AS_CALLER, .main = maildirmake_main,
};
