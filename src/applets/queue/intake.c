/* intake - take messages from local users on a socket (DESIGN: no setuid).
 * Runs as qmailq; a worker per connection serves one message after another, and then the next connection.  Callers
 * are known by the credentials of their socket: qmail's own accounts and root may choose queue features,
 * others may not. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/local.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "core/sys/workers.h"
#include "queue/intake.h"
#include "queue/put.h"

enum { CONNECTIONS_MAX = 500 };

static int busy;	/* connections being served */
static volatile sig_atomic_t got_term, got_child;

static void on_term(int sig)
{
	(void)sig;
	got_term = 1;
}

static void on_child(int sig)
{
	(void)sig;
	got_child = 1;
}

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

static int connection(struct str text, const int *fds, int n);
static struct workers workers = {.run = connection, .keep_stderr = true};

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
	env_share(workers.env);
	r = intake_answer(sock, code, (unsigned long)proc_pid(), buf_str(&text));

	buf_free(&text);
	return r == 0;
}

/* One connection, in a worker. */
static int connection(struct str text, const int *fds, int n)
{
	struct intake_request request = {.text = BUF_INIT};
	struct err e = {0};
	int r, sock = fds[0];
	long death = 86400;
	uid_t uid;
	pid_t pid;

	(void)text;
	if (n != 1)
		return 111;
	sig_ignore(SIGPIPE);
	conf_int(CONF_DEATH, &death, NULL);
	if (local_peer(sock, &uid, &pid) < 0) {
		log_warn("unable to get the peer's credentials: %s", log_errno(errno));
		return 111;
	}
	do {
		clock_alarm((unsigned)death);
		r = intake_read_request(sock, &request, &e);
	} while (r == 1 && serve(sock, &request, uid));
	if (r < 0)
		log_warn("uid %lu: %s", (unsigned long)uid, log_err(&e));
	buf_free(&request.text);
	return 0;
}

static void take_notes(void)
{
	int status;
	pid_t pid;

	while (workers_note(&workers, &pid, &status))
		busy--;
}

static void reap(void)
{
	int status;
	pid_t pid;

	got_child = 0;
	take_notes();
	while ((pid = proc_wait(-1, &status, true)) > 0) {
		take_notes();	/* what it has finished counts before its end does */
		if (workers_gone(&workers, pid))
			busy--;
	}
}

static void take(int fd)
{
	struct err e = {0};
	int sock = local_accept(fd);

	if (sock < 0)
		return;
	take_notes();
	if (workers_start(&workers, STR(""), &sock, 1, 0, &e) < 0)
		log_warn("%s", log_err(&e));
	else
		busy++;
	fd_close(sock);
}

static int intake_main(int argc, char **argv)
{
	struct buf path = BUF_INIT;
	struct err e = {0};

	(void)argc;
	(void)argv;
	file_umask(033);
	sig_ignore(SIGPIPE);
	if (conf_line(CONF_INTAKE_SOCKET, &path, &e) < 0 || workers_open(&workers, &e) < 0)
		die_err(&e);
	int fd = local_listen(path.p, 0666);

	if (fd < 0)
		die(111, "unable to listen on %s: %s", path.p, log_errno(errno));
	sig_catch(SIGTERM, on_term);
	sig_catch(SIGCHLD, on_child);
	while (!got_term) {
		/* that workers are done is of interest only when there is a connection for them */
		struct pollfd p = {busy < CONNECTIONS_MAX ? fd : workers.notes[0], POLLIN, 0};

		if (fd_poll(&p, 1, 1000) > 0 && p.fd == fd)
			take(fd);
		else if (p.revents)
			take_notes();
		if (got_child)
			reap();
	}
	file_unlink(path.p);
	buf_free(&path);
	return 0;
}

APPLET(intake) = {
	.name = "intake", .family = "queue",
	.brief = "take messages from local users on a socket",
	.args = "", .role = AS_QUEUE, .main = intake_main,
};
