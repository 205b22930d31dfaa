/* scheduler - start and watch the queues of a collection (qscheduler, qmail-daemon).
 * Run as a service by root, or by the single user.  A fixed number of queues: QUEUE_COUNT from
 * QUEUE_START; whatever dies is started again after a second. */
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
#include "queue/journal.h"
#include "queue/layout.h"

enum { LOCK_TRIES = 20, LOCK_WAIT_MS = 5000 };

static VEC(char *) start_argv;
static struct buf base = BUF_INIT;
static volatile sig_atomic_t stop;

struct queue {
	char label[520];	/* "queue DIR", for messages */
	const char *dir;
	char number[24];
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

	if (!mutex_free(q->dir))
		return err_temp(e, 0, "another qmail-send is running in %s", q->dir);
	env_put("QUEUEDIR", q->dir);
	env_put("QIDENT", q->number);
	pid_t pid = run_start(start_argv.p, &(struct run){.die_with_parent = true}, e);

	env_unset("QUEUEDIR");
	env_unset("QIDENT");
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

/* Its keeper, a child for as long as the queues run and a moment longer. */
static pid_t start_keeper(struct service *s, struct err *e)
{
	const struct queue *q = s->arg;
	pid_t parent = proc_pid(), pid = proc_fork();
	unsigned n = 0;

	if (pid < 0)
		return err_temp(e, errno, "unable to fork");
	if (pid > 0)
		return pid;
	sig_reset();
	sig_catch(SIGTERM, on_term);
	proc_die_with_parent(parent);
	if (role_take(AS_QUEUE, e) < 0)
		die_err(e);
	if (journal_recover(q->dir, &n, e) < 0)
		log_warn("%s: its messages stay there: %s", s->name, log_err(e));
	if (n)
		log_line("info: qscheduler: %u messages put back from the journal", n);
	proc_title("qscheduler", "journal");
	journal_keep(q->dir, &stop);
	while (!stop)
		clock_nap_ms(3600 * 1000);
	proc_exit(0);
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
	static char name[] = "qmail-start", fixed[] = "-s", delivery[] = "./Mailbox";

	vec_push(&start_argv, name);
	vec_push(&start_argv, fixed);
	if (argc < 2)
		vec_push(&start_argv, delivery);
	for (int i = 1; i < argc; i++)
		vec_push(&start_argv, argv[i]);
	vec_push(&start_argv, NULL);
}

static int scheduler_main(int argc, char **argv)
{
	struct err e = {0};
	long start, count;

	if (conf_line(CONF_QUEUE_BASE, &base, &e) < 0 || conf_int(CONF_QUEUE_START, &start, &e) < 0 ||
		conf_int(CONF_QUEUE_COUNT, &count, &e) < 0)
		die_err(&e);
	if (count < 1 || count > 1000)
		die(111, "QUEUE_COUNT is %ld, must be 1 to 1000", count);
	take_lock();
	set_argv(argc, argv);
	struct queue *queues = mem_alloc((size_t)count * sizeof *queues);
	struct service *services = mem_alloc((size_t)(count + 1) * sizeof *services);

	make_journal();

	for (long i = 0; i < count; i++) {
		struct queue *q = &queues[i];

		if (snprintf(q->label, sizeof q->label, "queue %s/queue%ld", base.p, start + i) >= (int)sizeof q->label)
			die(111, "%s: the name is too long", base.p);
		q->dir = q->label + strlen("queue ");
		snprintf(q->number, sizeof q->number, "%ld", start + i);
		services[i] = (struct service){.name = q->label, .start = start_queue, .arg = q, .stage = 1};
	}
	services[count] = (struct service){.name = "journal", .start = start_keeper, .arg = &queues[0]};
	log_line("info: qscheduler: pid %ld static queues qStart/qCount %ld/%ld conf split=%d", (long)proc_pid(), start,
		count, layout_conf().split);
	struct tree t = {.services = services, .n = (size_t)count + 1, .program = "qscheduler", .pass_signals = true};
	int code = tree_run(&t);

	mem_free(queues);
	mem_free(services);
	vec_free(&start_argv);
	buf_free(&base);
	return code;
}

static int fixed_count;

static const struct opt opts[] = {
	FLAG('s', NULL, &fixed_count, "a fixed number of queues (default)"),
	OPTS_END
};

APPLET(scheduler) = {
	.name = "scheduler", .aliases = "qscheduler qmail-daemon", .family = "queue",
	.brief = "start and watch the queues of a collection",
	.args = "[defaultdelivery [logger [argument ...]]]", .opts = opts, .role = AS_ROOT, .main = scheduler_main,
};
