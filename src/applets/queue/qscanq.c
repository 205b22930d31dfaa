/* qscanq - have a message scanned for viruses on its way into the queue.  Run in place of queue: fd 0 the message, fd 1
 * the envelope.  Gives qscanq-stdin, which does the work, a directory of its own, and removes that in the end; what a
 * crash leaves there is the business of cleanq. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/app/run.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/scandirs.h"

enum { TROUBLE = 71 };

/* SCANDIR is also what svscan calls its directory of services: that is no place for us. */
static const char *base(void)
{
	const char *dir = conf_env(CONF_QSCANQDIR);
	struct buf mark = BUF_INIT;

	buf_fmt(&mark, "%s/.svscan", dir ? dir : "");
	bool ours = dir && *dir == '/' && !str_eq(str_z(dir), STR("/service")) && !file_exists(mark.p);

	buf_free(&mark);
	return ours ? dir : conf_rows[CONF_QSCANQDIR].dflt;
}

/* Our directory and, in it, work; the sticky bit says that it is in use. */
static void make_directories(struct buf *dir, struct buf *work)
{
	for (int n = 0;; n++) {
		buf_clear(dir);
		buf_fmt(dir, "%s/@%lld.%ld.%d", base(), (long long)clock_now(), (long)proc_pid(), n);
		if (file_mkdir(dir->p, 01750) == 0)
			break;
		if (errno != EEXIST || n == 99)
			die(TROUBLE, "unable to create %s: %s", dir->p, log_errno(errno));
	}
	buf_fmt(work, "%s/work", dir->p);
	if (file_chmod(dir->p, 01750) < 0 || file_mkdir(work->p, 0750) < 0) {
		int num = errno;

		file_rmdir(dir->p);
		die(TROUBLE, "unable to create %s: %s", work->p, log_errno(num));
	}
}

static int scan(const char *work, int argc, char **argv)
{
	VEC(char *) words = {0};
	struct err e = {0};

	vec_push(&words, (char[]){"qscanq-stdin"});
	for (int i = 1; i < argc; i++)
		vec_push(&words, argv[i]);
	vec_push(&words, NULL);
	pid_t pid = run_start(words.p, &(struct run){.dir = work, .keep_role = true, .die_with_parent = true}, &e);

	if (pid < 0)
		die(TROUBLE, "%s", log_err(&e));
	/* the client must see the end when the queue program has read enough */
	fd_close(0);
	fd_close(1);
	int code = run_wait(pid);

	vec_free(&words);
	return code < 0 ? TROUBLE : code;
}

/* Have the service clean up what we could not. */
static void call_cleaner(void)
{
	char *argv[] = {(char[]){"run-cleanq"}, NULL};
	struct err e = {0};
	pid_t pid = run_start(argv, &(struct run){.keep_role = true}, &e);

	if (pid > 0)
		run_wait(pid);
}

static int qscanq_main(int argc, char **argv)
{
	struct buf dir = BUF_INIT, work = BUF_INIT;
	struct err e = {0};

	if (role_take(AS_SCAN, &e) < 0)
		die(50, "%s", log_err(&e));
	file_umask(027);
	make_directories(&dir, &work);
	int code = scan(work.p, argc, argv);

	file_chmod(dir.p, 0750);
	if (scandirs_remove(dir.p) < 0)
		call_cleaner();
	buf_free(&dir);
	buf_free(&work);
	return code;
}

APPLET(qscanq) = {
	.name = "qscanq", .family = "queue",
	.brief = "have a message scanned for viruses on its way into the queue",
	.args = "[program [argument ...]]", .role = AS_CALLER, .main = qscanq_main,
};
