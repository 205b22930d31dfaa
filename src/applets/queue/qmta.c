/* qmta - a whole mail system of one queue in one process (qmta-send).
 * Preprocesses, schedules and removes messages itself; its children MTAlspawn and MTArspawn are there while there is
 * something to deliver.  Started by root on a machine with qmail's accounts it becomes qmailq and the children, who need
 * accounts of their own, are there from the start.  A daemon, or a run that ends when nothing can be delivered now. */
#include <errno.h>
#include <stdio.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/cleaner.h"
#include "queue/journal.h"
#include "queue/sender.h"

enum { KEEPER_IDLE_MS = 2000 };

static int as_daemon, fix_first, bigtodo, other_lspawn, other_rspawn, other_clean;
static const char *split;
static char *delivery = (char[]){"./Mailbox"};
static pid_t keeper;
static long long active;	/* when there was something to do, clock_mono_ms */

static const struct opt opts[] = {
	FLAG('d', NULL, &as_daemon, "run until TERM (default: until nothing can be delivered now)"),
	FLAG('f', NULL, &fix_first, "create or repair the queue first (queue-fix -m)"),
	FLAG('b', NULL, &bigtodo, "todo and intd are split (BIGTODO=1)"),
	FLAG('l', NULL, &other_lspawn, "run qmail-lspawn along PATH for local deliveries"),
	FLAG('r', NULL, &other_rspawn, "run qmail-rspawn along PATH for remote deliveries"),
	FLAG('c', NULL, &other_clean, "run qmail-clean along PATH to remove messages"),
	TEXT('s', NULL, &split, "N", "number of sub-directories; may be more than clients use"),
	OPTS_END
};

static void set_environment(void)
{
	struct buf dir = BUF_INIT;
	struct err e = {0};
	uint64_t n;

	if (split && (!num_parse(str_z(split), LAYOUT_SPLIT_MAX, &n) || n < 1))
		die(100, "-s takes 1 to %d", LAYOUT_SPLIT_MAX);
	if (split)
		env_put("CONFSPLIT", split);
	if (bigtodo)
		env_put("BIGTODO", "1");
	if (!conf_env(CONF_QUEUEDIR)) {
		if (conf_line(CONF_QUEUE_BASE, &dir, &e) < 0)
			die_err(&e);
		buf_adds(&dir, "/qmta");
		env_put("QUEUEDIR", dir.p);
	}
	buf_free(&dir);
}

static void fix(void)
{
	char *argv[] = {(char[]){"queue-fix"}, (char[]){"-m"}, (char *)(size_t)queue_here(), NULL};
	struct err e = {0};
	pid_t pid = run_start(argv, &(struct run){.keep_role = true}, &e);

	if (pid < 0)
		die_err(&e);
	if (run_wait(pid) != 0)
		die(111, "unable to repair %s", queue_here());
}

/* What the last run of the machine left in the journal goes back into the queue. */
static int recover(void *arg)
{
	struct err e = {0};
	unsigned n = 0;

	(void)arg;
	if (journal_recover(queue_here(), &n, &e) < 0)
		log_warn("%s: its messages stay there: %s", queue_here(), log_err(&e));
	else if (n)
		log_line("info: qmta-send: %s: %u messages put back from the journal", queue_here(), n);
	return 0;
}

/* Our log becomes descriptor 0; what is said on 1 and 2 goes there, too. */
static void open_log(char **logger)
{
	struct err e = {0};
	int p[2];

	if (*logger) {
		if (fd_pipe(p) < 0)
			die(111, "unable to create a pipe: %s", log_errno(errno));
		struct run r = {.fds = (int[]){p[0], 1, 2}, .nfds = 3, .keep_role = true, .set_ids = !role_single()};

		if (role_ids(AS_LOG, &r.uid, &r.gid, &e) < 0 || run_start(logger, &r, &e) < 0)
			die_err(&e);
		fd_close(p[0]);
		if (fd_move(1, p[1]) < 0)
			die(111, "unable to move descriptors: %s", log_errno(errno));
	}
	if (fd_copy(0, 1) < 0 || (*logger && fd_copy(2, 1) < 0))
		die(111, "unable to copy descriptors: %s", log_errno(errno));
	/* no pipe of a partner may be where complaints go */
	if (!fd_open(2) && fd_copy(2, 0) < 0)
		die(111, "unable to copy descriptors: %s", log_errno(errno));
}

/* Without an account qmailr remote deliveries are qmailq's, too. */
static enum role partner_role(const char *file)
{
	enum role role = applet_find(file)->role;
	uid_t uid;
	gid_t gid;

	return role_ids(role, &uid, &gid, NULL) < 0 ? AS_QUEUE : role;
}

/* A partner: the built-in one is a fork of ours, another is found along PATH. */
static pid_t start(const char *file, char *const argv[], bool other, const int *fds, struct err *e)
{
	pid_t pid = proc_fork();

	if (pid < 0)
		return err_temp(e, errno, "unable to fork");
	if (pid > 0)
		return pid;
	sig_reset();
	if (run_descriptors(fds, 3) < 0)
		proc_exit(111);
	if (role_take(partner_role(file), e) < 0)
		die_err(e);
	if (!other)
		run_become(argv);
	proc_exec_file(file, argv);
	die(111, "unable to run %s: %s", file, log_errno(errno));
}

/* Start a partner with a pipe to it and one from it. */
static int connect(const char *file, char *const argv[], bool other, int *out, int *in)
{
	struct err e = {0};
	int to[2], from[2];

	if (fd_pipe(to) < 0)
		return -1;
	if (fd_pipe(from) < 0) {
		fd_close(to[0]);
		fd_close(to[1]);
		return -1;
	}
	pid_t pid = start(file, argv, other, (int[]){to[0], from[1], 2}, &e);

	fd_close(to[0]);
	fd_close(from[1]);
	if (pid < 0) {
		fd_close(to[1]);
		fd_close(from[0]);
		errno = e.num;
		return -1;
	}
	*out = to[1];
	*in = from[0];
	return 0;
}

static int start_spawner(int chan, int *out, int *in)
{
	char *local[] = {(char[]){"MTAlspawn"}, delivery, (char *)(size_t)queue_here(), NULL};
	char *remote[] = {(char[]){"MTArspawn"}, (char *)(size_t)queue_here(), NULL};

	return chan == CHAN_LOCAL ? connect("qmail-lspawn", local, other_lspawn, out, in) :
		connect("qmail-rspawn", remote, other_rspawn, out, in);
}

/* Partners who need other accounts than ours are started while we can. */
static void start_resident(struct sender *s)
{
	static int pipes[2 * CHANS];

	for (int c = 0; c < CHANS; c++)
		if (start_spawner(c, &pipes[2 * c], &pipes[2 * c + 1]) < 0)
			die(111, "unable to start a spawner: %s", log_errno(errno));
	s->spawn = NULL;
	s->pipes = pipes;
	/* qmailr cannot read qmailq's journal */
	s->files = partner_role("qmail-rspawn") != AS_QUEUE;
}

static void start_clean(struct sender *s)
{
	char *argv[] = {(char[]){"qmail-clean"}, (char[]){"qmta-send"}, (char *)(size_t)queue_here(), NULL};

	if (connect("qmail-clean", argv, true, &s->clean.out, &s->clean.in) < 0)
		die(111, "unable to start qmail-clean: %s", log_errno(errno));
	s->clean.here = NULL;
}

/* For this run of the machine only, so nothing is synced; what a crash leaves is in nobody's way. */
static int write_pid(void)
{
	static const char fn[] = "lock/pid", tmp[] = "lock/pid.tmp";
	char pid[24];
	int n = snprintf(pid, sizeof pid, "%ld", (long)proc_pid());
	int fd = file_unlink(tmp) < 0 && errno != ENOENT ? -1 : file_open(tmp, O_WRONLY | O_CREAT | O_EXCL, 0644);
	bool good = fd >= 0 && fd_write_all(fd, pid, (size_t)n) == 0 && file_chmod(tmp, 0644) == 0;

	fd_close(fd);
	if (good && file_rename(tmp, fn) == 0)
		return 0;
	log_warn("unable to write %s: %s", fn, log_errno(errno));
	return -1;
}

static char clean_here(struct str name)
{
	static int turn;

	if (turn++ % CLEANER_SWEEP_EVERY == 0)
		cleaner_sweep();
	return cleaner_answer(name);
}

static void end_keeper(void)
{
	if (keeper > 0)
		cleaner_end_keep(keeper);
	keeper = 0;
}

/* Children that ended; the journal's keeper, while there is something to keep; memory, when all is quiet. */
static int turn(bool idle)
{
	long long now = clock_mono_ms();
	int status;
	pid_t pid;

	while ((pid = proc_wait(-1, &status, true)) > 0)
		if (pid == keeper)
			keeper = 0;
	if (!idle || !active) {
		active = now;
		if (keeper <= 0 && !other_clean)
			keeper = cleaner_keep("qmta-send");
	}
	if (now - active < KEEPER_IDLE_MS)
		return KEEPER_IDLE_MS;
	end_keeper();
	return -1;
}

static int qmta_main(int argc, char **argv)
{
	struct sender s = {.program = "qmta-send", .q = "", .old_end = true, .clean = {-1, -1, clean_here, -1, -1}, .todo_out = -1,
		.todo_in = -1, .spawn = start_spawner, .locked = write_pid, .turn = turn, .adopt = true};
	struct err e = {0};

	if (argc > 1)
		delivery = argv[1];
	s.once = !as_daemon;
	set_environment();
	if (fix_first)
		fix();
	run_as_wait(AS_QUEUE, recover, NULL);
	file_umask(077);
	open_log(argc > 2 ? argv + 2 : argv + argc);
	if (!role_single() && proc_euid() == 0) {
		if (role_group(&e) < 0)
			die_err(&e);
		start_resident(&s);
	}
	if (other_clean)
		start_clean(&s);
	if (role_take(AS_QUEUE, &e) < 0)
		die_err(&e);
	cleaner_open();
	int code = sender_run(&s);

	end_keeper();
	if (code == 0)
		file_unlink("lock/pid");
	return code;
}

APPLET(qmta) = {
	.name = "qmta", .aliases = "qmta-send", .family = "queue",
	.brief = "a whole mail system of one queue in one process",
	.args = "[defaultdelivery [logger [argument ...]]]", .opts = opts, .role = AS_CALLER, .flags = APPLET_CLIENT,
	.main = qmta_main,
};
