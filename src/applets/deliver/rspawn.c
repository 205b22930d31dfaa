/* rspawn - start a remote delivery for each command of send (queue-and-delivery section 12).
 * Run by start as qmailr; commands on fd 0, reports on fd 1.  Each delivery is a child that runs remote, in this
 * image without exec unless QMAILREMOTE names another program. */
#include <stdio.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/app/run.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "queue/spawner.h"
#include "queue/tcpto.h"
#include "queue/transmit.h"

/* Nothing but remote's exit code and output tells what happened: when it could not run, that is temporary
 * (111) or not (100). */
static pid_t start(const struct spawner_job *job, int report, void *arg, struct err *e)
{
	const char *other = arg;
	char size[24], *host = (char *)(size_t)job->recipient.p + job->at + 1;
	char *argv[] = {(char *)(size_t)"qmail-remote", host, (char *)(size_t)job->sender.p,
		(char *)(size_t)job->qqeh.p, size, (char *)(size_t)job->recipient.p, NULL};
	int fds[] = {job->mess, report, report};

	snprintf(size, sizeof size, "%lld", (long long)job->size);
	return run_start(argv, &(struct run){.fds = fds, .nfds = 3, .dir = "/", .keep_role = true, .file = other}, e);
}

static void report(int status, struct str said, struct buf *out, void *arg)
{
	(void)arg;
	transmit_summary(status, said, out);
}

static int rspawn_main(int argc, char **argv)
{
	const char *other = conf_env(CONF_QMAILREMOTE);
	struct spawner s = {.start = start, .report = report};
	struct err e = {0};
	gid_t gid;

	(void)argv;
	if (argc > 2)
		die_usage();
	s.arg = (void *)(size_t)(other && *other ? other : "qmail-remote");
	env_unset(conf_rows[CONF_QMAILLOCAL].env);
	if (role_ids(AS_QUEUE, &s.owner, &gid, &e) < 0 || spawner_enter(&e) < 0)
		die_err(&e);
	if (tcpto_zero("..", &e) < 0)
		log_warn("%s", log_err(&e));
	if (spawner_run(&s, 0, 1, &e) < 0)
		die_err(&e);
	return 0;
}

APPLET(rspawn) = {
	.name = "rspawn", .aliases = "qmail-rspawn MTArspawn", .family = "deliver",
	.brief = "start remote deliveries for send",
	.args = "[queuedir]", .role = AS_REMOTE, .main = rspawn_main,
};
