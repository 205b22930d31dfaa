/* start - start the daemons of one queue and become send (qmail-start), or those of the queue slowq and become slowq-send
 * (slowq-start).
 * Run by scheduler or a service; needs root unless every role is the caller (single-user). */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/app/run.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/journal.h"
#include "queue/layout.h"

enum { PIPES = 10, SLOW_PIPES = 6 };
static int pipes[PIPES][2];
static char *queuedir;
static int fixed, dynamic, compat;

static const struct opt opts[] = {
	FLAG('s', NULL, &fixed, "static queue (default)"),
	FLAG('d', NULL, &dynamic, "a queue of qscheduler -d: it tells its load, a message queue announces messages"),
	FLAG('c', NULL, &compat, "the same, some submitters do not know of it"),
	OPTS_END
};
static bool slow;	/* we are slowq-start: no todo-proc, one clean */

/* A daemon on some of the pipes; it ends when the pipes do, so nobody waits for it here. */
static void spawn(const char *name, char *const args[], const int *fds, int nfds)
{
	VEC(char *) argv = {0};
	struct err e = {0};

	vec_push(&argv, (char *)(size_t)name);
	for (; args && *args; args++)
		vec_push(&argv, *args);
	if (queuedir)
		vec_push(&argv, queuedir);
	vec_push(&argv, NULL);
	if (run_start(argv.p, &(struct run){.fds = fds, .nfds = nfds}, &e) < 0)
		die_err(&e);
	vec_free(&argv);
}

/* The logger reads what send writes to its fd 0. */
static void start_logger(char **argv)
{
	struct err e = {0};
	int p[2];

	if (fd_pipe(p) < 0)
		die(111, "unable to create a pipe: %s", log_errno(errno));
	int fds[] = {p[0], 1, 2};

	uid_t uid;
	gid_t gid;

	if (role_ids(AS_LOG, &uid, &gid, &e) < 0)
		die_err(&e);
	struct run r = {.fds = fds, .nfds = 3, .keep_role = true, .uid = uid, .gid = gid, .set_ids = !role_single()};

	if (run_start(argv, &r, &e) < 0)
		die_err(&e);
	fd_close(p[0]);
	if (fd_move(1, p[1]) < 0)
		die(111, "unable to move descriptors: %s", log_errno(errno));
}

/* What the last run of the machine left in the journal goes back into the queue before anybody looks at it. */
static int recover(void *arg)
{
	struct err e = {0};
	unsigned n = 0;

	(void)arg;
	if (journal_recover(queue_here(), &n, &e) < 0)
		log_warn("%s: its messages stay there: %s", queue_here(), log_err(&e));
	else if (n)
		log_line("info: %s: %s: %u messages put back from the journal", log_program(), queue_here(), n);
	return 0;
}

static void become_send(void) __attribute__((noreturn));
static void become_send(void)
{
	static char mode[] = "-d";
	struct err e = {0};
	int fds[9] = {1, pipes[0][1], pipes[1][0], pipes[2][1], pipes[3][0], pipes[4][1], pipes[5][0], pipes[6][1],
		pipes[7][0]};
	char *argv[] = {slow ? (char[]){"slowq-send"} : (char[]){"qmail-send"}, queuedir, NULL, NULL};

	if (dynamic) {
		argv[2] = queuedir;
		argv[1] = mode;
	}
	if (run_descriptors(fds, slow ? 7 : 9) < 0)
		die(111, "unable to move descriptors: %s", log_errno(errno));
	if (role_take(AS_SEND, &e) < 0)
		die_err(&e);
	run_become(argv);
}

/* slowq-start: QUEUEDIR is slowq of the collection when nothing else is said. */
static void be_slow(void)
{
	struct buf dir = BUF_INIT;
	struct err e = {0};

	slow = true;
	log_set_program("slowq-start");
	proc_title("slowq-start", NULL);
	if (conf_env(CONF_QUEUEDIR))
		return;
	if (conf_line(CONF_QUEUE_BASE, &dir, &e) < 0)
		die_err(&e);
	buf_adds(&dir, "/slowq");
	env_put("QUEUEDIR", dir.p);
	buf_free(&dir);
}

static int start_main(int argc, char **argv)
{
	if (str_ends(str_z(argv[0]), STR("slowq-start")))
		be_slow();
	char *delivery = argc > 1 ? argv[1] : (char[]){"./Mailbox"};
	char *todo_name = (char[]){"todo-proc"}, *send_name = slow ? (char[]){"slowq-send"} : (char[]){"qmail-send"}, mode[] = "-d";
	const char *dir = conf_env(CONF_QUEUEDIR);
	struct err e = {0};

	if (fixed && (dynamic || compat))
		die_usage();
	if (compat)
		mode[1] = 'c';
	dynamic |= compat;
	queuedir = (char *)(size_t)dir;
	if (file_chdir("/") < 0)
		die(111, "unable to enter /: %s", log_errno(errno));
	file_umask(077);
	/* descriptors 0 to 8 must be taken, so that no pipe lands there */
	for (int fd = 2; fd < 9; fd++)
		if (!fd_open(fd) && fd_copy(fd, 0) < 0)
			die(111, "unable to copy descriptors: %s", log_errno(errno));
	run_as_wait(AS_QUEUE, recover, NULL);
	if (role_group(&e) < 0)
		die_err(&e);
	if (argc > 2)
		start_logger(argv + 2);
	for (int i = 0; i < (slow ? SLOW_PIPES : PIPES); i++)
		if (fd_pipe(pipes[i]) < 0)
			die(111, "unable to create a pipe: %s", log_errno(errno));
	spawn("qmail-lspawn", (char *[]){delivery, NULL}, (int[]){pipes[0][0], pipes[1][1], 1}, 3);
	spawn("qmail-rspawn", NULL, (int[]){pipes[2][0], pipes[3][1], 1}, 3);
	spawn("qmail-clean", (char *[]){send_name, NULL}, (int[]){pipes[4][0], pipes[5][1], 1}, 3);
	if (slow)
		become_send();
	spawn("todo-proc", dynamic ? (char *[]){mode, NULL} : NULL,
		(int[]){pipes[6][0], pipes[7][1], pipes[8][1], pipes[9][0]}, 4);
	spawn("qmail-clean", (char *[]){todo_name, NULL}, (int[]){pipes[8][0], pipes[9][1], 1}, 3);
	become_send();
}

APPLET(start) = {
	.name = "start", .aliases = "qmail-start slowq-start", .family = "queue",
	.brief = "start the daemons of one queue",
	.args = "[defaultdelivery [logger [argument ...]]]", .opts = opts, .role = AS_ROOT, .main = start_main,
};
