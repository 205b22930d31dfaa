/* lspawn - start local deliveries for send, each as the user who owns the address.
 * Reads delivery commands on fd 0, reports on fd 1, runs as root because it becomes every user in turn.
 * Promises: nothing is ever delivered as root, and a message's fate is reported exactly once. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"
#include "core/sys/sig.h"
#include "core/sys/workers.h"
#include "queue/assign.h"
#include "queue/journal.h"
#include "queue/spawner.h"

enum {
	REPORT_MAX = 3000,
	REPORT_SPARE = 3,
	GROUPS = 64,
	GETPW_MAX = 65536,
	/* exit codes of a child that never became a delivery (section 12.2) */
	X_ROOT = 113, X_SYSTEM = 118, X_EXEC_SOFT = 120, X_EXEC_GETPW = 121, X_CHDIR = 122, X_EXEC_HARD = 126,
	X_IDS = 127,
};

static const char *defaultdelivery;

/* QMAILGETPW: the site's own program answers in place of assign_getpw. */
static int ask_program(const char *program, struct str local, struct user *u, struct err *e)
{
	struct buf name = BUF_INIT, prog = BUF_INIT;
	int pipe[2];

	buf_set(&name, local);
	buf_set(&prog, str_z(program));
	char *argv[] = {prog.p, name.p, NULL};

	if (fd_pipe(pipe) < 0)
		return err_code(e, X_SYSTEM, errno, "unable to create a pipe");
	int fds[] = {-1, pipe[1], 2};
	uid_t uid;
	gid_t gid;

	if (role_ids(AS_GETPW, &uid, &gid, e) < 0)
		return -1;
	pid_t pid = run_start(argv, &(struct run){.fds = fds, .nfds = 3, .set_ids = true, .uid = uid, .gid = gid,
		.keep_role = true}, e);

	fd_close(pipe[1]);
	if (pid < 0 || file_slurp_fd(pipe[0], &u->text, GETPW_MAX) < 0)
		return err_code(e, X_SYSTEM, errno, "unable to run %s", program);
	fd_close(pipe[0]);
	int code = run_wait(pid);

	if (code)
		return err_code(e, code > 0 ? code == 120 ? X_EXEC_GETPW : code : X_SYSTEM, 0, "%s failed", program);
	buf_free(&name);
	buf_free(&prog);
	if (user_parse(u, e) < 0)
		return err_code(e, X_SYSTEM, 0, "%s answers in no known form", program);
	return 0;
}

/* 1: users/cdb knows, 0: an account of the machine */
static int find_user(struct str local, struct user *u, struct err *e)
{
	struct buf fn = BUF_INIT;
	const char *program = conf_env(CONF_QMAILGETPW);
	int r = assign_path("cdb", &fn, e);

	if (r == 0)
		r = assign_cdb(fn.p, local, u, e);
	if (r == 0 && (program ? ask_program(program, local, u, e) : assign_getpw(local, u, e)) < 0)
		r = -1;
	buf_free(&fn);
	return r;
}

static void leave(int code, const struct err *e)
{
	log_line("%s", log_err(e));
	proc_exit(code);
}

/* Become the owner; its further groups only when SETUSER_PRIVILEGES asks for them. */
static void become(const struct user *u, bool account)
{
	gid_t groups[GROUPS] = {u->gid};
	struct err e = {0};
	int n = 1;

	if (account && conf_on(CONF_SETUSER_PRIVILEGES) && proc_euid() == 0)
		n = pw_groups(str_z(u->name), u->gid, groups, GROUPS);
	if (n < 0 || proc_become(u->uid, u->gid, groups, (size_t)n, &e) < 0)
		leave(X_IDS, &e);
}

/* Run local, or QMAILLOCAL under local's name: spawn-filter looks at it. */
static void run_local(char **argv)
{
	const char *file = conf_env(CONF_QMAILLOCAL);
	const struct applet *a = file ? run_applet(file) : NULL;
	int argc = 0;

	if (!file)
		run_become(argv);
	while (argv[argc])
		argc++;
	if (a)
		proc_exit(applet_run(a, argc, argv));
	proc_exec_file(file, argv);
	int code = err_temporary(errno) ? X_EXEC_SOFT : X_EXEC_HARD;

	log_line("unable to run %s: %s", file, log_errno(errno));
	proc_exit(code);
}

/* Does the queue's journal answer for what this delivery leaves on its file system? */
static void set_later(const struct spawner_job *job)
{
	struct buf device = BUF_INIT;
	struct stat st;

	if (job->shared && file_stat(conf_env(CONF_QUEUEDIR), &st) == 0) {
		buf_fmt(&device, "%llu", (unsigned long long)st.st_dev);
		env_put("SYNC_LATER", device.p);
	} else {
		env_unset("SYNC_LATER");
	}
	buf_free(&device);
}

/* Whose delivery is it?  Then it is run under that user: by run_local, or by a worker in its own process. */
static int deliver(const struct spawner_job *job, bool worker)
{
	struct user u = USER_INIT;
	struct err e = {0};
	struct str box = str_to(job->recipient, job->at);
	struct buf local = BUF_INIT;

	buf_set(&local, box);
	if (file_chdir("/") < 0)
		proc_exit(X_CHDIR);
	int r = find_user(box, &u, &e);

	if (r < 0)
		leave(e.code ? e.code : X_SYSTEM, &e);
	if (u.uid == 0 && !proc_lone_root())
		proc_exit(X_ROOT);
	become(&u, r == 0);
	set_later(job);
	const char *words[] = {"qmail-local", "--", u.name, u.home, local.p, u.dash, u.ext,
		job->recipient.p + job->at + 1, job->sender.p, defaultdelivery, job->qqeh.p, NULL};
	char *argv[sizeof words / sizeof *words];

	memcpy(argv, words, sizeof argv);
	if (!worker)
		run_local(argv);
	int code = applet_run(applet_find("qmail-local"), (int)(sizeof words / sizeof *words) - 1, argv);

	user_free(&u);
	buf_free(&local);
	return code;
}

static int work(struct str text, const int *fds, int n)
{
	struct spawner_job job;

	return spawner_unpack(text, fds, n, &job) < 0 ? X_SYSTEM : deliver(&job, true);
}

static struct workers workers = {.run = work};

/* Workers stay what they are: only where every delivery is the caller's own, and the site runs nothing else in
 * local's place. */
static bool may_work(void)
{
	return role_single() && !conf_env(CONF_QMAILLOCAL) && !conf_env(CONF_QMAILGETPW) && !conf_on(CONF_REEXEC);
}

/* Does the queue's journal answer for what this delivery leaves behind? */
static bool shared(const struct spawner_job *job)
{
	struct journal *j = journal_look(conf_env(CONF_QUEUEDIR));
	uint64_t id;

	return j && num_parse(str_from(job->id, str_rchr(job->id, '/') + 1), UINT64_MAX, &id) && journal_share(j, id);
}

static pid_t start(const struct spawner_job *given, int report, void *arg, struct err *e)
{
	struct spawner_job copy = *given, *job = &copy;

	(void)arg;
	if (job->at == 0)
		return 0;
	job->shared = shared(job);
	if (workers.env)
		return spawner_hand_over(&workers, job, 0, report, e);
	pid_t pid = proc_fork();

	if (pid < 0)
		return err_temp(e, errno, "Unable to fork");
	if (pid)
		return pid;
	/* what the loop set; all else is as we were started */
	sig_default(SIGCHLD);
	sig_default(SIGPIPE);
	if (fd_copy(0, job->mess) < 0 || fd_copy(1, report) < 0 || fd_copy(2, report) < 0 || fd_close_from(3) < 0)
		proc_exit(X_SYSTEM);
	return deliver(job, false);
}

static const struct {
	int code;
	char letter;
	const char *text, *status;
} own_codes[] = {
	{112, 'Z', "Internal error: lspawn and local disagree", "4.3.0"},
	{X_ROOT, 'Z', "Mail for the superuser needs an alias: nothing is delivered as root", "4.7.0"},
	{ASSIGN_NFS, 'Z', "The home directory is out of reach", "4.3.0"},
	{ASSIGN_NO_ALIAS, 'Z', "There is no alias account", "4.3.5"},
	{ASSIGN_CDB, 'Z', "Unable to read users/cdb", "4.3.0"},
	{X_SYSTEM, 'Z', "System trouble before the delivery", "4.3.0"},
	{119, 'Z', "Out of memory", "4.3.0"},
	{X_EXEC_SOFT, 'Z', "Unable to run qmail-local now", "4.3.0"},
	{X_EXEC_GETPW, 'Z', "Unable to run qmail-getpw", "4.3.0"},
	{X_CHDIR, 'Z', "Unable to enter the root directory", "4.3.0"},
	{X_IDS, 'Z', "Unable to become the recipient", "4.3.0"},
	{X_EXEC_HARD, 'D', "Unable to run qmail-local", "4.3.0"},
};

/* What the delivery said, cut at a NUL and to a length that a log can bear. */
static void add_output(struct buf *b, struct str said)
{
	static const char cut[] = "\nError report too long, sorry.\n";

	said = str_to(said, str_chr(said, 0));
	if (said.n <= REPORT_MAX) {
		buf_add(b, said);
		return;
	}
	buf_add(b, str_to(said, REPORT_MAX - (sizeof cut - 1) - REPORT_SPARE));
	buf_adds(b, cut);
}

static void report(int status, struct str said, size_t rcpt, struct buf *b, void *arg)
{
	int code = proc_code(status);

	(void)rcpt;
	(void)arg;
	if (proc_crashed(status)) {
		spawner_say(b, 'Z', "The delivery crashed", "4.3.0");
		return;
	}
	for (size_t i = 0; i < sizeof own_codes / sizeof *own_codes; i++)
		if (own_codes[i].code == code) {
			spawner_say(b, own_codes[i].letter, own_codes[i].text, own_codes[i].status);
			return;
		}
	buf_addc(b, code == 0 ? 'K' : code == 111 || code == 71 || code == 74 || code == 75 ? 'Z' : 'D');
	add_output(b, said);
}

static int lspawn_main(int argc, char **argv)
{
	struct spawner s = {.start = start, .report = report, .output_max = REPORT_MAX + 1};
	struct err e = {0};
	gid_t gid;

	if (str_ends(str_z(argv[0]), STR("MTAlspawn")))
		proc_title("MTAlspawn", NULL);
	if (argc < 2 || argc > 3)
		die_usage();
	defaultdelivery = argv[1];
	if (role_ids(AS_QUEUE, &s.owner, &gid, &e) < 0 || spawner_enter(&e) < 0)
		die_err(&e);
	/* a script run as either program can tell which one it is */
	env_unset("QMAILREMOTE");
	if (may_work())
		s.workers = &workers;
	if (spawner_run(&s, 0, 1, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(lspawn) = {
	.name = "lspawn", .aliases = "qmail-lspawn MTAlspawn", .family = "deliver",
	.brief = "start local deliveries",
	.args = "defaultdelivery [queuedir]", .role = AS_ROOT, .main = lspawn_main,
};
