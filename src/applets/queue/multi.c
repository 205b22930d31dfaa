/* multi - choose a queue, perhaps filter the message, and run the queue program (qmail-multi).
 * Run in place of queue by everything that submits mail: fd 0 the message, fd 1 the envelope.  Its exit
 * codes are those of queue; nothing is queued unless the program it becomes says so. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/layout.h"

static void on_alarm(int sig)
{
	(void)sig;
	proc_exit(52);
}

static int new_file(void)
{
	struct buf dir = BUF_INIT;
	int fd = conf_line(CONF_TMPDIR, &dir, NULL) < 0 ? -1 : file_temp(dir.p);

	if (fd < 0)
		die(68, "unable to create a temporary file in %s: %s", dir.p, log_errno(errno));
	buf_free(&dir);
	return fd;
}

/* The message as a file, at its start: it may come through a pipe. */
static int spool(void)
{
	char block[32768];
	ssize_t n;

	if (fd_tell(0) >= 0)
		return fd_dup(0);
	int fd = new_file();

	while ((n = fd_read(0, block, sizeof block)) > 0)
		if (fd_write_all(fd, block, (size_t)n) < 0)
			die(53, "unable to write a temporary file: %s", log_errno(errno));
	if (n < 0)
		die(54, "unable to read the message: %s", log_errno(errno));
	if (fd_seek(fd, 0) < 0)
		die(68, "unable to rewind a temporary file: %s", log_errno(errno));
	return fd;
}

/* Run FILTERARGS on the message; its exit code, -1 when it crashed. */
static int run_filter(const char *command, int in, int out)
{
	char *argv[] = {(char[]){"qmailfilter"}, (char[]){"-c"}, (char *)(size_t)command, NULL};
	int fds[] = {in, out, 2};
	struct env_copy *before = env_save();
	struct err e = {0};

	env_unset("FILTERARGS");
	env_unset("SPAMFILTER");
	pid_t pid = run_start(argv, &(struct run){.fds = fds, .nfds = 3, .keep_role = true, .file = "/bin/sh"}, &e);

	env_restore(before);
	env_copy_free(before);
	if (pid < 0)
		die(121, "%s", log_err(&e));
	return run_wait(pid);
}

/* The filter's output becomes the message, or its exit code decides. */
static void filter(const char *command)
{
	int in = spool(), out = new_file();
	int code = run_filter(command, in, out);

	if (code == 2 || code == 99)
		proc_exit(0);
	if (code != 0)
		proc_exit(code == 88 ? 88 : code == 31 || code == 100 ? 31 : 71);
	if (fd_seek(out, 0) < 0 || fd_move(0, out) < 0)
		die(68, "unable to rewind a temporary file: %s", log_errno(errno));
	fd_close(in);
}

static void check_space(const char *dir)
{
	unsigned long long bytes;
	struct err e = {0};
	long min = 0;

	if (conf_int(CONF_MIN_FREE, &min, &e) < 0)
		die(55, "%s", log_err(&e));
	if (min <= 0)
		return;
	if (file_free(dir, &bytes) < 0)
		die(54, "unable to get the free space of %s: %s", dir, log_errno(errno));
	if (bytes >> 20 < (unsigned long long)min >> 20)
		die(53, "less than MIN_FREE bytes left in %s", dir);
}

static bool is_queue(const char *program)
{
	struct str s = str_z(program);

	return str_eq(s, STR("qmail-queue")) || str_ends(s, STR("/qmail-queue"));
}

/* Our own queue: the queue directory is chosen here and shown to ps. */
static void become_queue(char *program)
{
	struct buf dir = BUF_INIT;
	struct err e = {0};

	if (queue_choose(&dir, &e) < 0)
		die(55, "%s", log_err(&e));
	env_put("QUEUEDIR", dir.p);
	check_space(dir.p);
	run_become((char *[]){program, dir.p, NULL});
}

static int multi_main(int argc, char **argv)
{
	const char *command = conf_env(CONF_FILTERARGS), *given = conf_env(CONF_QUEUEPROG);
	struct buf program = BUF_INIT;
	long death = 86400;

	conf_int(CONF_DEATH, &death, NULL);
	sig_catch(SIGALRM, on_alarm);
	clock_alarm(death > 0 ? (unsigned)death : 86400);
	if (command && *command)
		filter(command);
	if (file_chdir("/") < 0)
		die(63, "unable to enter /: %s", log_errno(errno));
	if (argc < 2) {
		buf_adds(&program, given && *given ? given : "qmail-queue");
		env_unset("QUEUEPROG");
	}
	/* the program has its own idea of how long it may take */
	clock_alarm(0);
	sig_default(SIGALRM);
	if (is_queue(argc > 1 ? argv[1] : program.p))
		become_queue(argc > 1 ? argv[1] : program.p);
	run_become(argc > 1 ? argv + 1 : (char *[]){program.p, NULL});
	return 120;
}

APPLET(multi) = {
	.name = "multi", .aliases = "qmail-multi", .family = "queue",
	.brief = "choose a queue, filter the message and run the queue program",
	.args = "[program [argument ...]]", .role = AS_CALLER, .main = multi_main,
};
