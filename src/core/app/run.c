/* run - start programs, ours without exec; see run.h. */
#include "core/app/run.h"

#include <errno.h>
#include <string.h>

#include "core/app/log.h"
#include "core/app/role.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"

static const char self[] = "/proc/self/exe";

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return file_stat(a, &x) == 0 && file_stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

const struct applet *run_applet(const char *file)
{
	struct str path = str_z(file);
	size_t slash = str_rchr(path, '/');

	if (slash == path.n)
		return applet_find(file);
	const struct applet *a = applet_find(file + slash + 1);

	/* a path counts as ours when it is this very binary, when nothing is there, or when it is a plugin's */
	return a && (str_ends(path, STR(".so")) || !file_exists(file) || same_file(file, self)) ? a : NULL;
}

static int count(char *const argv[])
{
	int n = 0;

	while (argv[n])
		n++;
	return n;
}

static int place(const int *fds, int n)
{
	int high[16];

	if (n > 16) {
		errno = EINVAL;
		return -1;
	}
	for (int i = 0; i < n; i++) {
		high[i] = fds[i];
		/* a source below n that belongs elsewhere could be overwritten: move it up first */
		while (fds[i] >= 0 && fds[i] != i && high[i] < n)
			if ((high[i] = fd_dup(high[i])) < 0)
				return -1;
	}
	for (int i = 0; i < n; i++) {
		if (high[i] < 0)
			fd_close(i);
		else if (fd_copy(i, high[i]) < 0)
			return -1;
	}
	return 0;
}

int run_descriptors(const int *fds, int n)
{
	return place(fds, n) < 0 ? -1 : fd_close_from(n);
}

/* The same, but one more stays. */
static int descriptors_and(const int *fds, int n, int keep)
{
	if (keep < n)
		return run_descriptors(fds, n);
	if (place(fds, n) < 0)
		return -1;
	for (int fd = n; fd < keep; fd++)
		fd_close(fd);
	return fd_close_from(keep + 1);
}

static void become(const char *file, char *const argv[]) __attribute__((noreturn));

static void run_child(char *const argv[], const struct run *r, const struct applet *a, pid_t parent)
{
	struct err e = {0};

	sig_reset();
	if (r->nfds && descriptors_and(r->fds, r->nfds, r->keep) < 0)
		proc_exit(111);
	if (r->close_marked)
		fd_close_marked();
	if (r->new_session)
		proc_new_session();
	if (r->dir && file_chdir(r->dir) < 0)
		die(111, "unable to enter %s: %s", r->dir, log_errno(errno));
	if (r->set_ids && proc_become(r->uid, r->gid, &r->gid, 1, &e) < 0)
		die_err(&e);
	if (a && !r->keep_role && role_take(a->role, &e) < 0)
		die_err(&e);
	if (r->die_with_parent)	/* after the change of ids, which would undo it */
		proc_die_with_parent(parent);
	become(r->file ? r->file : argv[0], argv);
}

pid_t run_start(char *const argv[], const struct run *r, struct err *e)
{
	const struct applet *a = run_applet(r->file ? r->file : argv[0]);
	pid_t parent = proc_pid(), pid = proc_fork();

	if (pid < 0)
		return err_temp(e, errno, "unable to fork");
	if (pid == 0)
		run_child(argv, r, a, parent);
	return pid;
}

static void become(const char *file, char *const argv[])
{
	const struct applet *a = run_applet(file);

	/* exec would make us what argv[0] says */
	if (a && (!conf_on(CONF_REEXEC) || strcmp(file, argv[0]) != 0))
		proc_exit(applet_run(a, count(argv), (char **)(size_t)argv));
	if (a)
		proc_exec_file(self, argv);
	else
		proc_exec_file(file, argv);
	log_line("%s: fatal: unable to run %s: %s", log_program(), file, log_errno(errno));
	proc_exit(err_temporary(errno) ? 111 : 120);
}

void run_become(char *const argv[])
{
	become(argv[0], argv);
}

/* The file a bare name means on path; an empty element is the current directory. */
static bool on_path(const char *path, const char *name, struct buf *fn)
{
	struct str rest = str_z(path ? path : "/bin:/usr/bin");

	while (rest.p) {
		struct str dir = str_cut(&rest, ':');

		buf_clear(fn);
		buf_fmt(fn, "%.*s%s%s", STR_FMT(dir), dir.n ? "/" : "./", name);
		if (file_access(fn->p, X_OK))
			return true;
	}
	return false;
}

/* "indimail NAME ..." is always ours: the words from NAME on, else NULL. */
static char *const *after_indimail(char *const argv[])
{
	bool named = strcmp(argv[0], "indimail") == 0 || (strchr(argv[0], '/') && same_file(argv[0], self));

	return named && argv[1] && applet_find(argv[1]) && !applet_find(argv[0]) ? argv + 1 : NULL;
}

static bool ours_along(const char *path, char *const argv[])
{
	const struct applet *a = run_applet(argv[0]);
	struct buf fn = BUF_INIT;
	bool foreign = a && !strchr(argv[0], '/') && on_path(path, argv[0], &fn) && !same_file(fn.p, self);

	buf_free(&fn);
	return (a && !foreign) || after_indimail(argv);
}

char *const *run_named(char *const argv[])
{
	char *const *words = after_indimail(argv);

	return words ? words : argv;
}

bool run_chain_ours(char *const argv[])
{
	return ours_along(conf_env(CONF_PATH), argv);
}

bool run_known(const char *file)
{
	struct buf fn = BUF_INIT;
	bool known = run_applet(file) || (strchr(file, '/') ? file_access(file, X_OK) :
		on_path(conf_env(CONF_PATH), file, &fn));

	buf_free(&fn);
	return known;
}

/* Become file, which is one of ours or not, as argv. */
static void change_into(const char *path, const char *file, char *const argv[], bool ours) __attribute__((noreturn));
static void change_into(const char *path, const char *file, char *const argv[], bool ours)
{
	if (ours && (!conf_on(CONF_REEXEC) || strcmp(file, argv[0]) != 0)) {
		fd_close_marked();
		proc_exit(applet_run(run_applet(file), count(argv), (char **)(size_t)argv));
	}
	proc_exec_path(path, ours ? self : file, argv);
	die(111, "unable to run %s: %s", file, log_errno(errno));
}

static void chain(const char *path, char *const argv[], bool ours) __attribute__((noreturn));
static void chain(const char *path, char *const argv[], bool ours)
{
	argv = run_named(argv);
	change_into(path, argv[0], argv, ours);
}

void run_chain_along(const char *path, char *const argv[])
{
	chain(path, argv, ours_along(path, argv));
}

void run_chain(char *const argv[])
{
	run_chain_along(conf_env(CONF_PATH), argv);
}

void run_chain_as(const char *file, char *const argv[])
{
	char *words[] = {(char *)(size_t)file, NULL};
	const char *path = conf_env(CONF_PATH);

	change_into(path, file, argv, ours_along(path, words));
}

void run_exec(char *const argv[])
{
	bool ours = run_chain_ours(argv);

	proc_exec_path(conf_env(CONF_PATH), ours ? self : argv[0], run_named(argv));
	die(111, "unable to run %s: %s", argv[0], log_errno(errno));
}

char *const *run_again(char *const argv[])
{
	static const struct opt none[] = {OPTS_END};

	for (;;) {
		bool ours = argv[0] && run_chain_ours(argv);

		argv = ours ? run_named(argv) : argv;
		const struct applet *a = ours ? run_applet(argv[0]) : NULL;

		if (!a || !(a->flags & APPLET_AGAIN) || conf_on(CONF_REEXEC))
			return NULL;
		if (!(a->flags & APPLET_CHAIN))
			return argv;
		int used = opt_count(a->opts ? a->opts : none, count(argv), (char **)(size_t)argv);

		if (used < 0)
			return NULL;
		argv += used + 1;
		if (argv[0] && strcmp(argv[0], "--") == 0)
			argv++;
	}
}

int run_chain_back(char *const argv[])
{
	if (run_again(argv)) {
		argv = run_named(argv);
		return applet_run(run_applet(argv[0]), count(argv), (char **)(size_t)argv);
	}
	run_chain(argv);
}

int run_own_file(struct buf *fn)
{
	static const char mark[] = " (deleted)";	/* the kernel's, behind the name of a file that is gone */

	if (file_readlink(self, fn) < 0)
		return -1;
	if (!str_ends(buf_str(fn), STR(mark)))
		return 0;
	buf_trunc(fn, fn->n - (sizeof mark - 1));
	return 1;
}

void run_fresh(char *const argv[])
{
	struct buf fn = BUF_INIT;

	if (run_own_file(&fn) == 1 && file_access(fn.p, X_OK))
		proc_exec_file(fn.p, run_named(argv));
	chain(NULL, argv, true);
}

int run_wait(pid_t pid)
{
	int status;

	if (proc_wait(pid, &status, false) < 0 || proc_crashed(status))
		return -1;
	return proc_code(status);
}

pid_t run_as(enum role role, int (*f)(void *arg), void *arg, struct err *e)
{
	pid_t pid = proc_fork();

	if (pid < 0)
		return err_temp(e, errno, "unable to fork");
	if (pid > 0)
		return pid;
	if (role_take(role, e) < 0)
		die_err(e);
	proc_exit(f(arg));
}

int run_as_wait(enum role role, int (*f)(void *arg), void *arg)
{
	struct err e = {0};
	pid_t pid = run_as(role, f, arg, &e);

	if (pid < 0)
		die_err(&e);
	return run_wait(pid);
}

int run_ask(char *const argv[])
{
	struct err e = {0};
	pid_t pid;
	int code;

	if (fd_seek(0, 0) < 0) {
		log_line("%s: fatal: unable to rewind the message: %s", log_program(), log_errno(errno));
		return 111;
	}
	pid = run_start(argv, &(struct run){.keep_role = true}, &e);
	if (pid < 0) {
		log_line("%s: fatal: %s", log_program(), log_err(&e));
		return 111;
	}
	code = run_wait(pid);
	if (code < 0)
		log_line("%s: fatal: %s crashed", log_program(), argv[0]);
	if (code < 0 || code == 120 || fd_seek(0, 0) < 0)
		return 111;
	return code;
}
