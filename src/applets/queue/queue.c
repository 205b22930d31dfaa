/* queue - accept one message: fd 0 the message, fd 1 the envelope (qmail-queue).
 * Run by everything that submits mail.  Exit 0 promises that the message is on disk. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/conf/conf.h"
#include "core/net/peer.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/client.h"
#include "queue/intake.h"
#include "queue/layout.h"
#include "queue/put.h"

/* No clean-up: the leftovers are found by age (send and clean). */
static void on_alarm(int sig)
{
	(void)sig;
	proc_exit(52);
}

static void on_crash(int sig)
{
	(void)sig;
	proc_exit(81);
}

static void set_signals(void)
{
	static const int crashes[] = {SIGILL, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGSYS};
	long death = 86400;

	conf_int(CONF_DEATH, &death, NULL);
	sig_reset();
	sig_ignore(SIGPIPE);
	sig_ignore(SIGHUP);
	sig_catch(SIGALRM, on_alarm);
	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
		sig_catch(crashes[i], on_crash);
	clock_alarm(death > 0 ? (unsigned)death : 86400);
}

/* May we write the queue itself, as the user we are? */
static bool may_write(void)
{
	struct buf dir = BUF_INIT;
	struct stat st;
	bool yes = queue_choose(&dir, NULL) < 0 || file_stat(dir.p, &st) < 0 || st.st_uid == proc_euid();

	buf_free(&dir);
	return yes;
}

static int failed(const struct err *e)
{
	int code = e->code ? e->code : 81;

	if (!conf_set(CONF_QMAIL_QUEUE_CUSTOM_ERROR))
		return code;
	struct buf text = BUF_INIT;
	long fd = 2;

	conf_int(CONF_ERROR_FD, &fd, NULL);
	buf_fmt(&text, "%cqmail-queue: %s (#%c.3.0)", e->class == ERR_PERM ? 'D' : 'Z', log_err(e),
		e->class == ERR_PERM ? '5' : '4');
	if (fd >= 0)
		fd_write_all((int)fd, text.p, text.n);
	buf_free(&text);
	return 88;
}

/* The intake socket takes our two descriptors as they are. */
static int by_intake(void)
{
	struct intake_answer a = {.text = BUF_INIT};
	struct err e = {0};
	long fd = 2;
	int sock = intake_connect(&e), fds[2] = {0, 1};

	if (sock < 0 || intake_request(sock, fds, &e) < 0)
		return failed(&e);
	/* only intake may hold them now, or it would wait for an end that never comes */
	fd_close(0);
	fd_close(1);
	if (intake_read_answer(sock, &a, &e) < 0)
		return failed(&e);
	conf_int(CONF_ERROR_FD, &fd, NULL);
	if (a.text.n && fd >= 0)
		fd_write_all((int)fd, a.text.p, a.text.n);
	buf_free(&a.text);
	return a.code;
}

static int queue_main(int argc, char **argv)
{
	struct put_origin o = {.uid = proc_uid(), .ip = conf_env(CONF_TCPREMOTEIP), .pid = proc_pid()};
	struct err e = {0};
	char ip[PEER_TEXT];

	(void)argc;
	(void)argv;
	set_signals();
	file_umask(033);
	for (int fd = 0; !o.ip && fd < 3; fd++)
		if (peer_ip(fd, ip))
			o.ip = ip;
	/* root on a machine without qmail's accounts: the single user's intake knows what to do */
	bool taken = proc_euid() != 0 || role_take(AS_QUEUE, &e) == 0;

	if (!taken || !may_write())
		return by_intake();
	return intake_copy(0, 1, &o, &e) < 0 ? failed(&e) : 0;
}

APPLET(queue) = {
	.name = "queue", .aliases = "qmail-queue", .family = "queue",
	.brief = "accept a message: fd 0 the message, fd 1 the envelope",
	.args = "[queuedir]", .role = AS_CALLER, .flags = 0, .main = queue_main,
};
