/* rspawn - start a remote delivery for each command of send (queue-and-delivery section 12).
 * Run by start as qmailr; commands on fd 0, reports on fd 1.  Deliveries run in workers, in this image without
 * exec; each in a child of its own when QMAILREMOTE names another program. */
#include <stdio.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/app/run.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/workers.h"
#include "queue/spawner.h"
#include "queue/tcpto.h"
#include "queue/transmit.h"

typedef VEC(char *) words_t;

/* remote's arguments; size is room for a number. */
static void words(const struct spawner_job *job, char size[24], words_t *argv)
{
	snprintf(size, 24, "%lld", (long long)job->size);
	vec_push(argv, (char *)(size_t)"qmail-remote");
	vec_push(argv, (char *)(size_t)job->recipient.p + job->at + 1);
	vec_push(argv, (char *)(size_t)job->sender.p);
	vec_push(argv, (char *)(size_t)job->qqeh.p);
	vec_push(argv, size);
	vec_push(argv, (char *)(size_t)job->recipient.p);
	for (struct str rest = job->others; rest.n; ) {
		struct str one = str_cut(&rest, 0);

		vec_push(argv, (char *)(size_t)one.p);
	}
	vec_push(argv, NULL);
}

/* remote in a worker: every delivery is made by the same user, ourselves. */
static int work(struct str text, const int *fds, int n)
{
	struct spawner_job job;
	words_t argv = {0};
	char size[24];

	if (spawner_unpack(text, fds, n, &job) < 0 || file_chdir("/") < 0)
		return 111;
	words(&job, size, &argv);
	int code = applet_run(applet_find("qmail-remote"), (int)argv.n - 1, argv.p);

	vec_free(&argv);
	return code;
}

static struct workers workers = {.run = work, .leave = transmit_drop};

/* Who has just delivered to this domain may still have a connection. */
static uint32_t domain_kind(struct str domain)
{
	uint32_t h = 1;

	for (size_t i = 0; i < domain.n; i++)
		h = h * 31 + (unsigned char)chr_lower(domain.p[i]);
	return h;
}

/* Nothing but remote's exit code and output tells what happened: when it could not run, that is temporary
 * (111) or not (100). */
static pid_t start(const struct spawner_job *job, int report, void *arg, struct err *e)
{
	int fds[] = {job->mess, report, report};
	words_t argv = {0};
	char size[24];

	if (workers.env)
		return spawner_hand_over(&workers, job, domain_kind(str_from(job->recipient, job->at + 1)), report, e);
	words(job, size, &argv);
	pid_t pid = run_start(argv.p, &(struct run){.fds = fds, .nfds = 3, .dir = "/", .keep_role = true, .file = arg}, e);

	vec_free(&argv);
	return pid;
}

static void report(int status, struct str said, size_t i, struct buf *out, void *arg)
{
	(void)arg;
	transmit_summary(status, said, i, out);
}

static int rspawn_main(int argc, char **argv)
{
	const char *other = conf_env(CONF_QMAILREMOTE);
	struct spawner s = {.start = start, .report = report};
	struct err e = {0};
	gid_t gid;

	if (str_ends(str_z(argv[0]), STR("MTArspawn")))
		proc_title("MTArspawn", NULL);
	if (argc > 2)
		die_usage();
	s.arg = (void *)(size_t)(other && *other ? other : "qmail-remote");
	env_unset(conf_rows[CONF_QMAILLOCAL].env);
	if (role_ids(AS_QUEUE, &s.owner, &gid, &e) < 0 || spawner_enter(&e) < 0)
		die_err(&e);
	if (tcpto_zero("..", &e) < 0)
		log_warn("%s", log_err(&e));
	if (!(other && *other) && !conf_on(CONF_REEXEC)) {
		s.workers = &workers;
		s.groups = true;
	}
	if (spawner_run(&s, 0, 1, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(rspawn) = {
	.name = "rspawn", .aliases = "qmail-rspawn MTArspawn", .family = "deliver",
	.brief = "start remote deliveries for send",
	.args = "[queuedir]", .role = AS_REMOTE, .main = rspawn_main,
};
