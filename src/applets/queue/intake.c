/* intake - take messages from local users on a socket (DESIGN: no setuid).
 * Runs as qmailq; a child per connection serves one message after another.  Callers are known by the
 * credentials of their socket: qmail's own accounts and root may choose queue features, others may
 * not. */
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
#include "queue/intake.h"
#include "queue/put.h"

enum { CHILDREN_MAX = 500 };

static int children;
static volatile sig_atomic_t got_term;

static void on_term(int sig)
{
	(void)sig;
	got_term = 1;
}

static void on_child(int sig)
{
	(void)sig;
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

/* One submission: its settings last only for it. */
static bool serve(int sock, const int fds[2], struct str settings, uid_t uid)
{
	struct env_copy *before = env_save();
	struct buf text = BUF_INIT;
	struct err e = {0};
	int code = 0;

	int r = intake_apply(settings, trust(uid), &e);
	struct put_origin o = {.uid = uid, .ip = conf_env(CONF_TCPREMOTEIP), .pid = proc_pid()};

	if (r < 0 || intake_copy(fds[0], fds[1], &o, &e) < 0) {
		code = e.code ? e.code : 81;
		if (conf_set(CONF_QMAIL_QUEUE_CUSTOM_ERROR)) {
			char n = e.class == ERR_PERM ? '5' : '4';

			buf_fmt(&text, "%cqmail-queue: %s (#%c.3.0)", n == '5' ? 'D' : 'Z', log_err(&e), n);
			code = 88;
		}
		log_warn("uid %lu: %s", (unsigned long)uid, log_err(&e));
	}
	fd_close(fds[0]);
	fd_close(fds[1]);
	env_restore(before);
	env_copy_free(before);
	r = intake_answer(sock, code, (unsigned long)proc_pid(), buf_str(&text));

	buf_free(&text);
	return r == 0;
}

static void connection(int sock)
{
	struct buf settings = BUF_INIT;
	struct err e = {0};
	int fds[2], r;
	long death = 86400;
	uid_t uid;
	pid_t pid;

	sig_reset();
	sig_ignore(SIGPIPE);
	conf_int(CONF_DEATH, &death, NULL);
	if (local_peer(sock, &uid, &pid) < 0)
		die(111, "unable to get the peer's credentials: %s", log_errno(errno));
	do {
		clock_alarm((unsigned)death);
		r = intake_read_request(sock, fds, &settings, &e);
	} while (r == 1 && serve(sock, fds, buf_str(&settings), uid));
	if (r < 0)
		die_err(&e);
	proc_exit(0);
}

static void reap(bool nohang)
{
	int status;

	while (children && proc_wait(-1, &status, nohang) > 0) {
		children--;
		nohang = true;
	}
}

static int intake_main(int argc, char **argv)
{
	struct buf path = BUF_INIT;
	struct err e = {0};

	(void)argc;
	(void)argv;
	file_umask(033);
	sig_ignore(SIGPIPE);
	sig_catch(SIGTERM, on_term);
	sig_catch(SIGCHLD, on_child);
	if (conf_line(CONF_INTAKE_SOCKET, &path, &e) < 0)
		die_err(&e);
	int fd = local_listen(path.p, 0666);

	if (fd < 0)
		die(111, "unable to listen on %s: %s", path.p, log_errno(errno));
	while (!got_term) {
		struct pollfd p = {fd, POLLIN, 0};

		reap(children < CHILDREN_MAX);
		if (fd_poll(&p, 1, 1000) <= 0)
			continue;
		int sock = local_accept(fd);

		if (sock < 0)
			continue;
		pid_t pid = proc_fork();

		if (pid == 0) {
			fd_close(fd);
			connection(sock);
		}
		if (pid < 0)
			log_warn("unable to fork: %s", log_errno(errno));
		else
			children++;
		fd_close(sock);
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
