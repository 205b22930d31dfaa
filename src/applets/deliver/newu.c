/* newu - compile users/assign into users/cdb, which lspawn reads.  Run by the administrator.
 * Promises: the old database serves until the new one is complete and on disk. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "queue/assign.h"

enum { ASSIGN_MAX = 1 << 30 };	/* bytes of assign */

static void compile(const char *dir)
{
	struct buf text = BUF_INIT;
	struct err e = {0};

	if (file_chdir(dir) < 0)
		die(111, "unable to enter %s: %s", dir, log_errno(errno));
	if (file_slurp("assign", &text, ASSIGN_MAX) < 0)
		die(111, "unable to read %s/assign: %s", dir, log_errno(errno));
	int fd = file_open("cdb.tmp", O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		die(111, "unable to create %s/cdb.tmp: %s", dir, log_errno(errno));
	if (assign_compile(buf_str(&text), fd, &e) < 0)
		die(111, "unable to compile %s/assign: %s", dir, log_err(&e));
	if (fd_close(fd) < 0 || file_rename("cdb.tmp", "cdb") < 0 || file_sync_dir(".") < 0)
		die(111, "unable to install %s/cdb: %s", dir, log_errno(errno));
	buf_free(&text);
}

static int newu_main(int argc, char **argv)
{
	struct buf dir = BUF_INIT;
	struct err e = {0};

	if (argc > 2)
		die_usage();
	file_umask(033);
	if (argc == 2)
		buf_set(&dir, str_z(argv[1]));
	else if (conf_line(CONF_ASSIGNDIR, &dir, &e) < 0)
		die_err(&e);
	compile(dir.p);
	buf_free(&dir);
	return 0;
}

APPLET(newu) = {
	.name = "newu", .aliases = "qmail-newu", .family = "deliver",
	.brief = "compile users/assign into users/cdb",
	.args = "[directory]", .role = AS_CALLER, .main = newu_main,
};
