/* smtpd - the SMTP server: one conversation on fd 0 and 1, under a UCSPI server such as tcpserver.
 * Runs as the daemon user; promises that a message answered with 250 is in the queue. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/conf/conf.h"
#include "core/net/ip.h"
#include "core/net/tlsfiles.h"
#include "core/smtp/session.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "queue/client.h"

enum { HANDSHAKE_MS = 60000 };

static struct buf farewell = BUF_INIT;	/* what SIGTERM says, made ready before it can come */
static int timeout_ms;

static int queue_open(void *ctx, struct err *e)
{
	return client_open(ctx, e);
}

static void queue_put(void *ctx, const char *p, size_t n)
{
	client_put(ctx, p, n);
}

static void queue_from(void *ctx, struct str sender)
{
	client_from(ctx, sender);
}

static void queue_to(void *ctx, struct str rcpt)
{
	client_to(ctx, rcpt);
}

static void queue_fail(void *ctx)
{
	client_fail(ctx);
}

static const char *queue_close(void *ctx)
{
	return client_close(ctx);
}

static unsigned long queue_qp(void *ctx)
{
	return client_qp(ctx);
}

static void to_log(void *ctx, const char *text)
{
	(void)ctx;
	log_line("%s", text);
}

static void rest(void *ctx, unsigned seconds)
{
	(void)ctx;
	clock_sleep_ms((long)seconds * 1000);
}

static bool own_ip(void *ctx, struct str ip)
{
	(void)ctx;
	return ip_own(ip);
}

static time_t now(void *ctx)
{
	(void)ctx;
	return clock_now();
}

static bool tls_offer(void *ctx)
{
	(void)ctx;
	return tls_files_ready();
}

static struct tls_ctx *certificates;	/* of the session under way */

/* Clients are asked for a certificate only where one would mean something. */
static int tls_prepare(void *ctx, struct err *e)
{
	struct tls_files f;
	struct table clients = TABLE_INIT;

	(void)ctx;
	certificates = NULL;
	if (tls_files_server(&f, NULL, e) == 0 && conf_table(CONF_TLSCLIENTS, &clients, e) >= 0) {
		if (!clients.present)
			f.conf.ca = f.conf.crl = NULL;
		certificates = tls_files_context(&f, true, e);
	}
	table_free(&clients);
	tls_files_free(&f);
	return certificates ? 0 : -1;
}

static struct tls *tls_start(void *ctx, struct err *e)
{
	struct tls *t = tls_accept(certificates, 0, 1, timeout_ms < HANDSHAKE_MS ? timeout_ms : HANDSHAKE_MS, e);

	(void)ctx;
	if (t)
		buf_clear(&farewell);	/* plain text is no longer understood */
	return t;
}

static void terminated(int sig)
{
	(void)sig;
	fd_write_all(1, farewell.p, farewell.n);
	proc_exit(1);
}

static void no_config(const struct err *e)
{
	static const char text[] = "451 sorry, unable to read controls (#4.3.0)\r\n";

	fd_write_all(1, text, sizeof text - 1);
	die(1, "%s", log_err(e));
}

static int smtpd_main(int argc, char **argv)
{
	static char in_space[65536], out_space[8192];
	struct smtp_config conf;
	struct err e = {0};
	struct in in;
	struct out out;

	sig_ignore(SIGPIPE);
	if (smtp_config_read(&conf, &e) < 0)
		no_config(&e);
	/* the host name for AUTH also names us when the connection does not */
	if (!conf.local)
		conf.local = argc > 1 && *argv[1] ? argv[1] : "unknown";
	buf_fmt(&farewell, "421 %.*s going down, try again later (#4.3.2)\r\n", STR_FMT(conf.greeting.lines.p[0]));
	sig_catch(SIGTERM, terminated);
	in_init(&in, 0, in_space, sizeof in_space);
	out_init(&out, 1, out_space, sizeof out_space);
	in.timeout = out.timeout = timeout_ms = conf.timeout < 86400 ? (int)conf.timeout * 1000 : 86400000;
	struct smtp_hooks hooks = {.ctx = client_new(), .open = queue_open, .put = queue_put, .from = queue_from,
		.to = queue_to, .fail = queue_fail, .close = queue_close, .qp = queue_qp, .log = to_log,
		.pause = rest, .own_ip = own_ip, .now = now, .tls_offer = tls_offer, .tls_prepare = tls_prepare,
		.tls_start = tls_start, .pid = proc_pid()};
	int code = session_run(&conf, &hooks, &in, &out);

	client_free(hooks.ctx);
	smtp_config_free(&conf);
	buf_free(&farewell);
	return code;
}

APPLET(smtpd) = {
	.name = "smtpd", .aliases = "qmail-smtpd", .family = "smtp",
	.brief = "receive mail by SMTP on descriptors 0 and 1",
	.args = "[hostname checkprogram [argument ...]]", .role = AS_DAEMON, .flags = APPLET_AGAIN,
	.main = smtpd_main,
};
