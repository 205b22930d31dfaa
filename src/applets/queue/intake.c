/* intake - take messages from local users on a socket (DESIGN: no setuid).
 * Runs as qmailq; a process of a pool accepts a connection, serves one message after another, then the next connection.  Callers
 * are known by the credentials of their socket: qmail's own accounts and root may choose queue features,
 * others may not. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/conf/conf.h"
#include "core/sys/acceptors.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/local.h"
#include "core/sys/proc.h"
#include "queue/intake.h"
#include "queue/put.h"

enum { CONNECTIONS_MAX = 500 };

static struct env_copy *own;	/* our environment, the same for every submission */

static enum intake_trust trust(uid_t uid)
{
	static const enum role roles[] = {AS_QUEUE, AS_SEND, AS_REMOTE, AS_DAEMON};
	uid_t known;
	gid_t gid;

	if (uid == 0 || uid == proc_euid())
		return INTAKE_OWNER;
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (role_ids(roles[i], &known, &gid, NULL) == 0 && known == uid)
			return INTAKE_TRUSTED;
	return INTAKE_STRANGER;
}

/* One submission: its settings last only for it. */
static bool serve(int sock, const struct intake_request *request, uid_t uid)
{
	struct buf text = BUF_INIT;
	struct err e = {0};
	int code = 0;

	int r = intake_apply(request->settings, trust(uid), &e);
	struct put_origin o = {.uid = uid, .ip = conf_env(CONF_TCPREMOTEIP), .pid = proc_pid()};

	if (r < 0 || intake_put(request, &o, &e) < 0) {
		code = e.code ? e.code : 81;
		if (conf_set(CONF_QMAIL_QUEUE_CUSTOM_ERROR)) {
			char n = e.class == ERR_PERM ? '5' : '4';

			buf_fmt(&text, "%cqmail-queue: %s (#%c.3.0)", n == '5' ? 'D' : 'Z', log_err(&e), n);
			code = 88;
		}
		log_warn("uid %lu: %s", (unsigned long)uid, log_err(&e));
	}
	fd_close(request->fds[0]);
	fd_close(request->fds[1]);
	env_share(own);
	r = intake_answer(sock, code, (unsigned long)proc_pid(), buf_str(&text));

	buf_free(&text);
	return r == 0;
}

/* One connection, in a process of the pool. */
static void connection(int sock)
{
	static struct intake_request request = {.text = BUF_INIT};	/* its space serves the next connection, too */
	struct err e = {0};
	long death = 86400;
	uid_t uid;
	pid_t pid;
	int r;

	conf_int(CONF_DEATH, &death, NULL);
	if (local_peer(sock, &uid, &pid) < 0) {
		log_warn("unable to get the peer's credentials: %s", log_errno(errno));
		return;
	}
	do {
		clock_alarm((unsigned)death);
		r = intake_read_request(sock, &request, &e);
	} while (r == 1 && serve(sock, &request, uid) && !request.last);
	clock_alarm(0);
	if (r < 0)
		log_warn("uid %lu: %s", (unsigned long)uid, log_err(&e));
}

static void trouble(const struct err *e)
{
	log_warn("%s", log_err(e));
}

static int intake_main(int argc, char **argv)
{
	static const struct acceptors pool = {.max = CONNECTIONS_MAX, .run = connection, .trouble = trouble};
	struct buf path = BUF_INIT;
	struct err e = {0};

	(void)argc;
	(void)argv;
	/* a file of root's in the queue would never be delivered */
	if (role_take(AS_QUEUE, &e) < 0)
		die_err(&e);
	file_umask(033);
	own = env_save();
	if (conf_line(CONF_INTAKE_SOCKET, &path, &e) < 0)
		die_err(&e);
	int fd = local_listen(path.p, 0666);

	if (fd < 0)
		die(111, "unable to listen on %s: %s", path.p, log_errno(errno));
	if (acceptors_run(&pool, fd, &e) < 0)
		die_err(&e);
	file_unlink(path.p);
	buf_free(&path);
	env_copy_free(own);
	return 0;
}

APPLET(intake) = {
	.name = "intake", .family = "queue",
	.brief = "take messages from local users on a socket",
	.args = "", .role = AS_QUEUE, .main = intake_main,
};
