/* tcprules - compile access rules from descriptor 0 for tcpserver.  Run by the administrator.
 * Promises: the old database serves until the new one is complete and on disk; after any error it is untouched. */
#include <errno.h>
#include <stdio.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/cdb.h"
#include "core/net/rule.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/in.h"

enum { LINE_MAX_BYTES = 1 << 20 };

static const char *tmp;
static bool ordinary;	/* tmp is a file, not a device that must stay */
static struct cdb_make maker;
static struct err trouble;

static void remove_tmp(void)
{
	if (ordinary)
		file_unlink(tmp);
}

static void give_up(const char *what, const char *why) __attribute__((noreturn));
static void give_up(const char *what, const char *why)
{
	remove_tmp();
	die(111, "%s: %s", what, why);
}

static int add(void *ctx, struct str key, struct str data)
{
	(void)ctx;
	return cdb_make_add(&maker, key, data, &trouble);
}

static void compile_line(struct str line, unsigned long number)
{
	char what[64];

	switch (rule_parse(line, add, NULL)) {
	case RULE_NONE:
	case RULE_OK:
		break;
	case RULE_NO_COLON:
		line = str_rtrim(line);
		log_warn("line %lu: %.*s", number, STR_FMT(line));
		remove_tmp();
		die(111, "Unable to find colon on non-empty line.");
	case RULE_BAD:
		remove_tmp();
		line = str_rtrim(line);
		die(100, "unable to parse this line: %.*s", STR_FMT(line));
	case RULE_FAILED:
		snprintf(what, sizeof what, "line %lu", number);
		give_up(what, log_err(&trouble));
	}
}

static void compile(void)
{
	static char space[65536];
	struct buf line = BUF_INIT;
	struct in in;
	int more = 1;

	in_init(&in, 0, space, sizeof space);
	for (unsigned long n = 1; more > 0; n++) {
		buf_clear(&line);
		more = in_line(&in, &line, '\n', LINE_MAX_BYTES);
		if (more < 0)
			give_up("unable to read input", log_errno(errno));
		compile_line(buf_str(&line), n);
	}
	buf_free(&line);
}

static void sync_dir_of(const char *fn)
{
	struct str path = str_z(fn);
	size_t slash = str_rchr(path, '/');
	struct buf dir = BUF_INIT;

	buf_set(&dir, slash < path.n ? str_to(path, slash ? slash : 1) : STR("."));
	if (file_sync_dir(dir.p) < 0)
		die(111, "unable to sync %s: %s", dir.p, log_errno(errno));
	buf_free(&dir);
}

static int create_tmp(void)
{
	int fd = file_open(tmp, O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct stat st;

	if (fd < 0)
		die(111, "unable to create %s: %s", tmp, log_errno(errno));
	ordinary = file_fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	return fd;
}

static int tcprules_main(int argc, char **argv)
{
	char what[4096];

	if (argc != 3)
		die_usage();
	tmp = argv[2];
	int fd = create_tmp();

	snprintf(what, sizeof what, "unable to write %s", tmp);
	if (cdb_make_begin(&maker, fd) < 0)
		give_up(what, log_errno(errno));
	compile();
	if (cdb_make_end(&maker, &trouble) < 0)
		give_up(what, log_errno(trouble.num));
	if (fd_close(fd) < 0)
		give_up(what, log_errno(errno));
	snprintf(what, sizeof what, "unable to move %s to %s", tmp, argv[1]);
	if (file_rename(tmp, argv[1]) < 0)
		give_up(what, log_errno(errno));
	sync_dir_of(argv[1]);
	return 0;
}

APPLET(tcprules) = {
	.name = "tcprules", .family = "ucspi",
	.brief = "compile access rules for tcpserver",
	.args = "cdb tmp", .role = AS_CALLER, .main = tcprules_main,
};
