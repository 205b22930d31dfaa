/* smtpd - the SMTP server: one conversation on fd 0 and 1, under a UCSPI server such as tcpserver.
 * Runs as the daemon user; promises that a message answered with 250 is in the queue. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/base/json.h"
#include "core/conf/conf.h"
#include "core/mail/date.h"
#include "core/net/tlskeeper.h"
#include "core/smtp/session.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/idle.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "core/sys/workers.h"
#include "queue/client.h"
#include "queue/qlog.h"
#include "queue/queueprog.h"
#include "queue/smtpserve.h"

enum { HANDSHAKE_MS = 60000 };

static struct buf farewell = BUF_INIT;	/* what SIGTERM says, made ready before it can come */
static int timeout_ms;
/* pages of their own, to be given back as a whole */
static _Alignas(4096) char in_space[65536], out_space[8192];

static void to_log(void *ctx, const char *text)
{
	struct buf b = BUF_INIT;

	(void)ctx;
	if (!qlog_wants_json()) {
		log_line("%s", text);
		return;
	}
	buf_addc(&b, '{');
	json_pair(&b, "event", STR("session"));
	json_pair(&b, "program", str_z(log_program()));
	json_number(&b, "pid", proc_pid());
	json_pair(&b, "text", str_z(text));
	buf_adds(&b, "}\n");
	fd_write_all(2, b.p, b.n);
	buf_free(&b);
}

static bool tls_offer(void *ctx)
{
	(void)ctx;
	return tls_files_ready();
}

static int keeper;	/* where a keeper of keys is asked; 0 none: TLS is spoken here */
static struct tls_files files;	/* of the session under way */
static struct tls_ctx *certificates;	/* made of them; NULL: the keeper does that */

/* Do without a keeper. */
static int alone(struct err *e)
{
	keeper = 0;
	certificates = tls_files_context(&files, true, e);
	return certificates ? 0 : -1;
}

/* Clients are asked for a certificate only where one would mean something. */
static int tls_prepare(void *ctx, struct err *e)
{
	struct table clients = TABLE_INIT;
	int r = -1;

	(void)ctx;
	tls_files_free(&files);
	if (tls_files_server(&files, NULL, e) == 0 && conf_table(CONF_TLSCLIENTS, &clients, e) >= 0) {
		if (!clients.present)
			files.conf.ca = files.conf.crl = NULL;
		r = keeper ? tlskeeper_check(WORKERS_KEEP, &files, e) : -1;
		if (r < 0 && (!keeper || errno == EPIPE))
			r = alone(e);
	}
	table_free(&clients);
	return r;
}

/* The keeper takes the connection and gives us plain text in its place. */
static int hand_over(int patience_ms, struct tls_facts *facts, struct err *e)
{
	int plain = tlskeeper_secure(WORKERS_KEEP, 0, &files, patience_ms, facts, e);

	if (plain < 0)
		return -1;
	if (fd_copy(0, plain) < 0 || fd_copy(1, plain) < 0)
		return err_temp(e, errno, "unable to place the socket");
	return fd_close(plain);
}

static int tls_start(void *ctx, struct tls_facts *facts, struct tls **t, struct err *e)
{
	int patience_ms = timeout_ms < HANDSHAKE_MS ? timeout_ms : HANDSHAKE_MS;

	(void)ctx;
	*t = NULL;
	if (keeper) {
		int r = hand_over(patience_ms, facts, e);

		if (r == 0 || errno != EPIPE)
			return r;
		alone(e);
	}
	*t = certificates ? tls_accept(certificates, 0, 1, patience_ms, e) : NULL;
	if (!*t)
		return -1;
	tls_facts(*t, facts);
	buf_clear(&farewell);	/* plain text is no longer understood */
	return 0;
}

/* The time zone, and a keeper of keys where there will be TLS.  Here: in the process that forks the workers. */
static int warm(void)
{
	struct buf date = BUF_INIT;

	date_rfc822(&date, clock_now());
	buf_free(&date);
	if (keeper && fd_wait(keeper, POLLIN, 0) != 0) {	/* it never says a word: this is its end */
		fd_close(keeper);
		keeper = 0;
	}
	if (!keeper && (conf_set(CONF_STARTTLS) || conf_on(CONF_SMTPS)) && tls_files_ready() &&
			tlskeeper_start(&keeper, NULL) < 0)
		keeper = 0;	/* sessions speak TLS themselves */
	return keeper;
}

static void terminated(int sig)
{
	(void)sig;
	fd_write_all(1, farewell.p, farewell.n);
	proc_exit(1);
}

/* A client that thinks, or has gone to sleep. */
static void idle(void *ctx)
{
	(void)ctx;
	idle_forget(in_space, sizeof in_space);
	idle_forget(out_space, sizeof out_space);
	idle_release();
}

static void no_config(const struct err *e)
{
	static const char text[] = "451 sorry, unable to read controls (#4.3.0)\r\n";

	fd_write_all(1, text, sizeof text - 1);
	die(1, "%s", log_err(e));
}

static int smtpd_main(int argc, char **argv)
{
	struct smtp_config conf;
	struct err e = {0};
	struct in in;
	struct out out;

	sig_ignore(SIGPIPE);
	if (smtp_config_read(&conf, &e) < 0)
		no_config(&e);
	conf.dsn = queueprog_takes_params();
	/* the host name for AUTH also names us when the connection does not */
	if (!conf.local)
		conf.local = argc > 1 && *argv[1] ? argv[1] : "unknown";
	buf_fmt(&farewell, "421 %.*s going down, try again later (#4.3.2)\r\n", STR_FMT(conf.greeting.lines.p[0]));
	sig_catch(SIGTERM, terminated);
	in_init(&in, 0, in_space, sizeof in_space);
	out_init(&out, 1, out_space, sizeof out_space);
	in.timeout = out.timeout = timeout_ms = conf.timeout < 86400 ? (int)conf.timeout * 1000 : 86400000;
	struct smtp_hooks hooks = {.idle = idle, .log = to_log, .tls_offer = tls_offer, .tls_prepare = tls_prepare,
		.tls_start = tls_start};
	struct applet_park *p = &applet_park;

	smtpserve(&hooks);
	struct session_aside aside = {p->allowed, p->resumed, p->late, &p->state};
	int code = session_run(&conf, &hooks, &in, &out, &aside);

	if (code == SESSION_ASIDE) {
		p->patience_ms = timeout_ms;
		buf_set(&p->farewell, buf_str(&farewell));
		code = APPLET_PARKED;
	}
	client_free(hooks.ctx);
	smtp_config_free(&conf);
	buf_free(&farewell);
	return code;
}

APPLET(smtpd) = {
	.name = "smtpd", .aliases = "qmail-smtpd", .family = "smtp",
	.brief = "receive mail by SMTP on descriptors 0 and 1",
	.args = "[hostname checkprogram [argument ...]]", .role = AS_DAEMON, .flags = APPLET_AGAIN,
	.warm = warm, .main = smtpd_main,
};
