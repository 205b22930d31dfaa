/* svscanboot - the start of a system of services: stop what an earlier one left running, then become svscan.
 * Run by init.  Without SCANLOG the last complaints of svscan can be read in ps. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/vec.h"
#include "core/conf/envdir.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "svc/halt.h"
#include "svc/scandir.h"

enum { LEFTOVERS_MS = 5000 };

static const char path[] = "/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin";

/* The size of a file in .svscan/variables, -1 without one. */
static long variable_size(const char *scandir, const char *name)
{
	struct buf fn = BUF_INIT;
	struct stat st;

	buf_fmt(&fn, "%s/.svscan/variables/%s", scandir, name);
	long size = file_stat(fn.p, &st) < 0 ? -1 : (long)st.st_size;

	buf_free(&fn);
	return size;
}

static void load_variables(const char *scandir)
{
	struct buf dir = BUF_INIT;
	struct err e = {0};

	buf_fmt(&dir, "%s/.svscan/variables", scandir);
	if (file_exists(dir.p) && envdir_apply(dir.p, true, &e) < 0)
		die_err(&e);
	buf_free(&dir);
}

/* Standard output and error go to a process whose title shows them. */
static void start_reader(const char *scandir)
{
	enum { DOTS = 400 };
	char dots[DOTS + 1];
	char *argv[] = {(char[]){"readproctitle"}, (char *)(size_t)scandir, (char[]){"errors:"}, dots, NULL};
	struct err e = {0};
	int p[2];

	memset(dots, '.', DOTS);
	dots[DOTS] = 0;
	/* the title is as long as the words it was exec'd with; should it be killed, svscan must not die of that */
	sig_ignore(SIGPIPE);
	if (!file_access("/proc/self/exe", X_OK) || fd_pipe(p) < 0)
		return;
	struct run r = {.fds = (int[]){p[0], 1, 2}, .nfds = 3, .file = "/proc/self/exe"};

	if (run_start(argv, &r, &e) > 0 && fd_copy(1, p[1]) == 0)
		fd_copy(2, p[1]);
	fd_close(p[0]);
	fd_close(p[1]);
}

/* Become the svscan of one directory. */
static void boot(const char *scandir) __attribute__((noreturn));
static void boot(const char *scandir)
{
	char *argv[] = {(char[]){"svscan"}, (char *)(size_t)scandir, NULL};
	struct err e = {0};

	if (halt_all(scandir, &e) < 0)
		die_err(&e);
	/* a supervise that is still there keeps its successor out */
	halt_wait(scandir, LEFTOVERS_MS);
	if (fd_null(0) < 0 || fd_null(1) < 0 || fd_null(2) < 0)
		die(111, "unable to open /dev/null: %s", log_errno(errno));
	env_put("PATH", path);
	if (file_chdir("/") < 0)
		die(111, "unable to chdir to /: %s", log_errno(errno));
	if (variable_size(scandir, "SCANLOG") < 0)
		start_reader(scandir);
	if (variable_size(scandir, "UNSHARE") > 0 && proc_own_mounts() < 0)
		log_warn("unable to have mounts of our own: %s", log_errno(errno));
	load_variables(scandir);
	run_become(argv);	/* ours, whatever else of that name there may be */
}

static void absolute(const char *dir, struct buf *out)
{
	if (dir[0] != '/') {
		if (file_cwd(out) < 0)
			die(111, "unable to get the current directory: %s", log_errno(errno));
		buf_addc(out, '/');
	}
	buf_adds(out, dir);
}

/* 0: no such directory. */
static pid_t start(const char *dir)
{
	struct buf scandir = BUF_INIT;
	struct stat st;

	if (file_stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	pid_t pid = proc_fork();

	if (pid < 0)
		log_warn("unable to fork: %s", log_errno(errno));
	if (pid != 0)
		return pid > 0 ? pid : 0;
	sig_reset();
	absolute(dir, &scandir);
	boot(scandir.p);
}

/* A child for each; the end of this process is passed on to them. */
static int boot_all(char **dirs)
{
	static const int waited[] = {SIGTERM, SIGINT, SIGCHLD};
	VEC(pid_t) pids = {0};
	int sig, status;
	pid_t pid;

	for (int i = 0; i < 3; i++)
		sig_block(waited[i]);
	for (; *dirs; dirs++)
		if ((pid = start(*dirs)) > 0)
			vec_push(&pids, pid);
	for (size_t left = pids.n; left; ) {
		sig = sig_wait(waited, 3, 3600000);
		for (size_t i = 0; i < pids.n && sig > 0 && sig != SIGCHLD; i++)
			if (pids.p[i])
				proc_kill(pids.p[i], SIGTERM);
		while ((pid = proc_wait(-1, &status, true)) > 0)
			for (size_t i = 0; i < pids.n; i++)
				if (pids.p[i] == pid) {
					pids.p[i] = 0;
					left--;
				}
	}
	vec_free(&pids);
	return 0;
}

static int svscanboot_main(int argc, char **argv)
{
	struct buf dir = BUF_INIT, scandir = BUF_INIT;
	struct err e = {0};

	if (argc > 2)
		return boot_all(argv + 1);
	if (argc < 2 && scandir_choose(NULL, &dir, &e) < 0)
		die_err(&e);
	absolute(argc > 1 ? argv[1] : dir.p, &scandir);
	boot(scandir.p);
}

APPLET(svscanboot) = {
	.name = "svscanboot", .family = "svc",
	.brief = "start svscan when the machine starts",
	.args = "[scandir ...]", .role = AS_CALLER, .main = svscanboot_main,
};
