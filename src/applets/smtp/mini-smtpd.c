/* mini-smtpd - the small SMTP server: one conversation on fd 0 and 1, for hosts whose mail goes to another one.
 * Runs as the daemon user; promises that a message answered with 250 was taken by the queue program. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/mem.h"
#include "core/smtp/session.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/client.h"
#include "queue/smtpserve.h"

enum { PATIENCE_MAX = 86400 };	/* seconds for one read */

static void to_log(void *ctx, const char *text)
{
	(void)ctx;
	log_line("%s", text);
}

static void idle(void *ctx)
{
	(void)ctx;
}

static void last_words(const char *text)
{
	fd_write_all(1, text, str_z(text).n);
	proc_exit(1);
}

static void no_memory(size_t n)
{
	(void)n;
	last_words("421 out of memory (#4.3.0)\r\n");
}

static void terminated(int sig)
{
	(void)sig;
	last_words("421 going down, try again later (#4.3.2)\r\n");
}

static int mini_smtpd_main(int argc, char **argv)
{
	char in_space[32768], out_space[4096];
	struct smtp_hooks hooks = {.idle = idle, .log = to_log};	/* TLS is never offered */
	struct smtp_config conf;
	struct err e = {0};
	struct in in;
	struct out out;

	(void)argc;
	(void)argv;
	sig_ignore(SIGPIPE);
	mem_exhausted = no_memory;
	if (smtp_config_mini(&conf, &e) < 0) {
		log_line("mini-smtpd: %s", log_err(&e));
		last_words("451 sorry, unable to read controls (#4.3.0)\r\n");
	}
	if (!conf.local)
		conf.local = "unknown";
	sig_catch(SIGTERM, terminated);
	in_init(&in, 0, in_space, sizeof in_space);
	out_init(&out, 1, out_space, sizeof out_space);
	in.timeout = out.timeout = (int)(conf.timeout < PATIENCE_MAX ? conf.timeout : PATIENCE_MAX) * 1000;
	smtpserve(&hooks);
	int code = session_run(&conf, &hooks, &in, &out, NULL);

	client_free(hooks.ctx);
	smtp_config_free(&conf);
	return code;
}

APPLET(mini_smtpd) = {
	.name = "mini-smtpd", .family = "smtp",
	.brief = "receive mail by SMTP on a host without a queue",
	.args = "", .role = AS_DAEMON, .main = mini_smtpd_main,
};
