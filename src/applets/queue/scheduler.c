/* scheduler - start and watch the queues of a collection (qscheduler, qmail-daemon).
 * Run as a service by root, or by the single user.  A fixed number of queues: QUEUE_COUNT from
 * QUEUE_START; or, with -d, as many as the load asks for (dynamic.h).  Whatever dies is started again
 * after a second. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/app/run.h"
#include "core/app/tree.h"
#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/lock.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/create.h"
#include "queue/dynamic.h"
#include "queue/journal.h"
#include "queue/layout.h"

enum { LOCK_TRIES = 20, LOCK_WAIT_MS = 5000, NO_JOURNAL_MS = 60000 };

static VEC(char *) start_argv;
static struct buf base = BUF_INIT;
static volatile sig_atomic_t stop;

struct queue {
	char label[560];	/* "queue DIR", with -d "queue DIR, load=N", for messages */
	char *dir;
	char number[24];
	bool ended;		/* its send has been told to end */
	bool unfiltered;	/* no spawn-filter delivers from it */
};
static struct queue *queues;
static struct service *services;
static struct dynamic dyn;
static struct tree tree;

static int fixed_count, dynamic, compat, keep_count;

static const struct opt opts[] = {
	FLAG('s', NULL, &fixed_count, "a fixed number of queues (default)"),
	FLAG('d', NULL, &dynamic, "as many queues as the load asks for"),
	FLAG('c', NULL, &compat, "the same, for submitters that do not know of it"),
	FLAG('n', NULL, &keep_count, "do not begin with fewer queues than there were last"),
	OPTS_END
};

/* A send that died may still hold the mutex for the moment its process takes to go. */
static bool mutex_free(const char *dir)
{
	struct buf fn = BUF_INIT;
	bool is_free = true;

	buf_fmt(&fn, "%s/lock/sendmutex", dir);
	int fd = file_open(fn.p, O_WRONLY, 0);

	if (fd >= 0)
		is_free = lock_try(fd) == 0;
	fd_close(fd);
	buf_free(&fn);
	return is_free;
}

static pid_t start_queue(struct service *s, struct err *e)
{
	const struct queue *q = s->arg;
	int fds[] = {0, 1, 2};

	if (!mutex_free(q->dir))
		return err_temp(e, 0, "another qmail-send is running in %s", q->dir);
	struct env_copy *own = env_save();

	env_put("QUEUEDIR", q->dir);
	env_put("QIDENT", q->number);
	if (q->unfiltered) {
		env_unset("QMAILLOCAL");
		env_unset("QMAILREMOTE");
	}
	pid_t pid = run_start(start_argv.p, &(struct run){.fds = fds, .nfds = 3, .die_with_parent = true}, e);

	env_restore(own);
	env_copy_free(own);
	return pid;
}

/* ---- the journal all queues have in common ---- */

static void make_journal(void)
{
	struct queue_owners o = {.change = !role_single()};
	struct err e = {0};

	if (role_ids(AS_QUEUE, &o.queue, &o.group, &e) < 0 || queue_create_journal(base.p, &o, &e) < 0)
		log_warn("every queue keeps a journal of its own: %s", log_err(&e));
}

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static pid_t scheduler;		/* whose child the keeper is */

/* The journal's keeper, a child for as long as the queues run and a moment longer. */
static int keeper(void *arg)
{
	const struct service *s = arg;
	const struct queue *q = s->arg;
	struct err e = {0};
	unsigned n = 0;
	static const int theirs[] = {SIGHUP, SIGALRM, SIGINT, SIGUSR1, SIGUSR2};	/* for the sends */

	sig_reset();
	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
		sig_ignore(theirs[i]);
	sig_catch(SIGTERM, on_term);
	fd_close_from(3);
	proc_die_with_parent(scheduler);
	if (journal_recover(q->dir, &n, &e) < 0)
		log_warn("%s: its messages stay there: %s", s->name, log_err(&e));
	if (n)
		log_line("info: qscheduler: %u messages put back from the journal", n);
	proc_title("qscheduler", "journal");
	while (!stop) {
		journal_keep(q->dir, &stop);
		if (!stop)
			clock_nap_ms(NO_JOURNAL_MS);
	}
	return 0;
}

static pid_t start_keeper(struct service *s, struct err *e)
{
	scheduler = proc_pid();
	sig_hold();	/* what is meant for the child must not end in our handlers */
	pid_t pid = run_as(AS_QUEUE, keeper, s, e);

	sig_release();
	return pid;
}

/* One scheduler per collection. */
static void take_lock(void)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/qscheduler", base.p);
	int fd = file_open(fn.p, O_WRONLY | O_CREAT, 0600);

	if (fd < 0)
		die(111, "unable to open %s: %s", fn.p, log_errno(errno));
	for (int i = 0; lock_try(fd) < 0; i++) {
		if (errno != EWOULDBLOCK || i == LOCK_TRIES)
			die(111, "unable to lock %s: %s", fn.p, log_errno(errno));
		if (i == 0)
			log_line("info: qscheduler: waiting for another qscheduler to end");
		clock_nap_ms(LOCK_WAIT_MS);
	}
	buf_free(&fn);
}

static void set_argv(int argc, char **argv)
{
	static char name[] = "qmail-start", delivery[] = "./Mailbox", modes[][3] = {"-s", "-d", "-c"};

	vec_push(&start_argv, name);
	vec_push(&start_argv, modes[compat ? 2 : dynamic]);
	if (argc < 2)
		vec_push(&start_argv, delivery);
	for (int i = 1; i < argc; i++)
		vec_push(&start_argv, argv[i]);
	vec_push(&start_argv, NULL);
}

static void add_queue(size_t i, const char *name, long number)
{
	struct queue *q = &queues[i];
	struct buf dir = BUF_INIT;

	buf_fmt(&dir, "%s/%s", base.p, name);
	q->dir = mem_copy(dir.p, dir.n);
	if (dir.n > sizeof q->label - 60)
		die(111, "%s: the name is too long", base.p);
	snprintf(q->label, sizeof q->label, "queue %s", q->dir);
	snprintf(q->number, sizeof q->number, "%ld", number);
	services[i] = (struct service){.name = q->label, .start = start_queue, .arg = q, .stage = 1};
	buf_free(&dir);
}

/* n queues from the number start, one without a filter besides, and their journal. */
static void make_services(long start, long n, bool unfiltered)
{
	size_t all = (size_t)n + unfiltered;
	char name[32];

	queues = mem_alloc(all * sizeof *queues);
	services = mem_alloc((all + 1) * sizeof *services);
	for (long i = 0; i < n; i++) {
		snprintf(name, sizeof name, "queue%ld", start + i);
		add_queue((size_t)i, name, start + i);
	}
	if (unfiltered) {
		add_queue(all - 1, "nqueue", 0);
		queues[all - 1].unfiltered = true;
	}
	make_journal();
	services[all] = (struct service){.name = "journal", .start = start_keeper, .arg = &queues[0]};
	tree = (struct tree){.services = services, .n = all + 1, .program = "qscheduler", .pass_signals = true};
}

/* Queue 0, which holds what has been filtered or must not be. */
static bool has_nqueue(void)
{
	struct buf dir = BUF_INIT;
	struct stat st;

	buf_fmt(&dir, "%s/nqueue", base.p);
	bool there = conf_set(CONF_SPAMFILTER) && file_stat(dir.p, &st) == 0 && S_ISDIR(st.st_mode);

	buf_free(&dir);
	return there;
}

static void static_queues(void)
{
	struct err e = {0};
	long start, count;

	if (conf_int(CONF_QUEUE_START, &start, &e) < 0 || conf_int(CONF_QUEUE_COUNT, &count, &e) < 0)
		die_err(&e);
	if (count < 1 || count > FIGURES_QUEUES_MAX)
		die(111, "QUEUE_COUNT is %ld, must be 1 to %d", count, FIGURES_QUEUES_MAX);
	bool nqueue = has_nqueue();

	make_services(start, count, nqueue);
	log_line("info: qscheduler: pid %ld static queues %sqStart/qCount %ld/%ld conf split=%d", (long)proc_pid(),
		nqueue ? "nqueue+ " : "", start, count, layout_conf().split);
}

/* ---- as many as the load asks for ---- */

static void warn(const char *text)
{
	log_line("warning: qscheduler: %s", text);
}

static int make_queue(const char *dir)
{
	char *argv[] = {(char[]){"queue-fix"}, (char *)(size_t)dir, NULL};
	struct err e = {0};
	struct buf fn = BUF_INIT;
	int fds[] = {0, 1, 2};

	buf_fmt(&fn, "%s/lock/trigger", dir);
	bool there = file_exists(fn.p);

	buf_free(&fn);
	if (there)
		return 0;
	pid_t pid = run_start(argv, &(struct run){.fds = fds, .nfds = 3}, &e);

	if (pid > 0 && run_wait(pid) == 0)
		return 0;
	log_line("warning: qscheduler: unable to create %s", dir);
	return -1;
}

/* Make the processes of queue i what its state says. */
static void follow(long i)
{
	struct service *s = &services[i];
	struct queue *q = &queues[i];

	dynamic_running(&dyn, i, s->pid != 0);
	s->rest = dyn.q[i].state == DYN_REST || dyn.q[i].state == DYN_END;
	if (dyn.q[i].state == DYN_END && s->pid && !q->ended)
		proc_kill(s->pid, SIGTERM);
	q->ended = dyn.q[i].state == DYN_END;
	if (!s->pid)
		snprintf(q->label, sizeof q->label, "queue %s, load=%lu", q->dir, dyn.total);
}

static void idle(void *arg)
{
	long before = dyn.count;

	(void)arg;
	dynamic_look(&dyn);
	for (long i = 0; i < dyn.n; i++)
		follow(i);
	dynamic_listen(&dyn);
	tree.fds = dyn.fds;
	tree.nfds = dyn.nfds;
	if (dyn.count != before)
		log_line("info: qscheduler: pid %ld dynamic queues qStart/qCount %ld/%ld, qconf=%ld, load=%lu",
			(long)proc_pid(), dyn.start, dyn.count, dyn.conf, dyn.total);
}

static void dynamic_queues(void)
{
	struct err e = {0};
	gid_t group;

	tree_block_signals();	/* TERM must not come between the making of objects and the tree that removes them */
	dyn = (struct dynamic){.base = base.p, .warn = warn, .make = make_queue, .keep = keep_count != 0};
	dyn.owners.change = !role_single();
	if (role_ids(AS_QUEUE, &dyn.owners.queue, &dyn.owners.group, &e) < 0 ||
		role_ids(AS_SEND, &dyn.owners.send, &group, &e) < 0 || dynamic_open(&dyn, &e) < 0)
		die_err(&e);
	make_services(dyn.start, dyn.n, false);
	tree.idle = idle;
	for (long i = 0; i < dyn.n; i++)
		follow(i);
	log_line("info: qscheduler: pid %ld dynamic queues qStart/qCount %ld/%ld, qconf=%ld, conf split=%d, "
		"msgqueue_len=%ld, msgqueue_size=%ld", (long)proc_pid(), dyn.start, dyn.count, dyn.conf,
		layout_conf().split, dyn.len, dyn.size);
}

static int scheduler_main(int argc, char **argv)
{
	struct err e = {0};

	dynamic |= compat;
	if (dynamic && fixed_count)
		die_usage();
	if (conf_line(CONF_QUEUE_BASE, &base, &e) < 0)
		die_err(&e);
	take_lock();
	set_argv(argc, argv);
	if (dynamic)
		dynamic_queues();
	else
		static_queues();
	int code = tree_run(&tree);

	if (dynamic)
		dynamic_close(&dyn);
	for (size_t i = 0; i + 1 < tree.n; i++)
		mem_free(queues[i].dir);
	mem_free(queues);
	mem_free(services);
	vec_free(&start_argv);
	buf_free(&base);
	return code;
}

APPLET(scheduler) = {
	.name = "scheduler", .aliases = "qscheduler qmail-daemon", .family = "queue",
	.brief = "start and watch the queues of a collection",
	.args = "[defaultdelivery [logger [argument ...]]]", .opts = opts, .role = AS_ROOT, .main = scheduler_main,
};
