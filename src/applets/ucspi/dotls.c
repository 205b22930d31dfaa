/* dotls - speak TLS for a program that does not.  Run by tcpserver in front of a server, or by tcpclient in
 * front of a client; TLS begins at once, or when the client of a mail server asks for it. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/app/wrap.h"
#include "core/conf/conf.h"
#include "core/net/offer.h"
#include "core/net/tlsopt.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "core/sys/relay.h"

static struct tlsopt tls;
static enum starttls starttls;
static int verbosity = 1, details, client, high;
static long shake_s = -1, idle_s = -1;

static int set_starttls(char letter, const char *arg)
{
	(void)letter;
	return starttls_scan(arg, &starttls) ? 0 : -1;
}

static const struct opt opts[] = {
	FLAGV('q', NULL, &verbosity, 0, "no messages"),
	FLAGV('Q', NULL, &verbosity, 1, "errors only"),
	FLAGV('v', NULL, &verbosity, 2, "errors and status"),
	CALL('s', NULL, set_starttls, "smtp|pop3|imap", "begin TLS by STARTTLS in this protocol"),
	FLAG('C', NULL, &client, "speak to a server, on descriptors 6 and 7"),
	FLAG('T', NULL, &high, "the same, and the program has descriptors 6 and 7, too"),
	TEXT('n', NULL, &tls.cert, "FILE", "certificate and key"),
	TEXT('c', NULL, &tls.ca, "FILE", "authorities"),
	TEXT('L', NULL, &tls.crl, "FILE", "revoked certificates"),
	TEXT('d', NULL, &tls.dir, "DIR", "directory of certificates"),
	TEXT('f', NULL, &tls.cipher_file, "FILE", "ciphers, the first word of this file"),
	TEXT('M', NULL, &tls.method, "METHOD", "TLS version"),
	TEXT('h', NULL, &tls.name, "HOST", "the server's certificate must be for HOST"),
	NUM('t', NULL, &shake_s, "SECONDS", "patience with the handshake"),
	NUM('D', NULL, &idle_s, "SECONDS", "end when no data moved for so long"),
	FLAG('N', NULL, &tls.renegotiate, "clients may renegotiate"),
	FLAG('z', NULL, &details, "details of TLS in TLS_PROVIDER"),
	OPTS_END
};

static const char *peer(void)
{
	const char *ip = conf_env(CONF_TCPREMOTEIP);

	return ip ? ip : "unknown";
}

static void fail(const struct err *e) __attribute__((noreturn));
static void fail(const struct err *e)
{
	if (verbosity > 0)
		die_err(e);
	proc_exit(err_exit(e));
}

static void stop(int num) __attribute__((noreturn));
static void stop(int num)
{
	if (verbosity <= 0)
		proc_exit(111);
	if (num == ETIMEDOUT)
		die(111, "idle timeout reached without input [%ld sec]", idle_s);
	die(111, "unable to relay: %s", log_errno(num));
}

static struct tls *shake(int from, int to)
{
	struct buf line = BUF_INIT;
	struct err e = {0};
	struct tls *t = tlsopt_begin(&tls, from, to, (int)shake_s * 1000, &e);

	if (!t)
		fail(&e);
	tls_describe(t, &line);
	if (verbosity > 1)
		log_line("dotls: pid %ld from %s %s", (long)proc_pid(), peer(), line.p);
	buf_free(&line);
	return t;
}

static void relay_tls(struct tls *t, struct wrap *w)
{
	if (tls_relay(t, w->from, w->to, (int)idle_s * 1000, true) < 0 && !wrap_gone(errno))
		stop(errno);
	tls_close(t);
}

/* TLS from the first byte, or behind what a server says before it. */
static void at_once(struct wrap *w, int from, int to)
{
	struct buf greeting = BUF_INIT, provider = BUF_INIT;
	struct err e = {0};

	if (starttls && starttls_ask(starttls, from, to, &greeting, (int)shake_s * 1000, &e) < 0)
		fail(&e);
	struct tls *t = shake(from, to);

	tlsopt_provider("dotls", details ? t : NULL, &provider);
	if (starttls && !details)
		buf_adds(&provider, "starttls");
	wrap_go(w, provider.p);
	fd_write_all(w->to, greeting.p, greeting.n);
	relay_tls(t, w);
	buf_free(&greeting);
	buf_free(&provider);
}

/* Nobody will ask for TLS any more. */
static void relay_plain(struct offer *o, struct wrap *w)
{
	struct relay_lane lanes[] = {
		{.from = 0, .to = w->to},
		{.from = w->from, .to = 1, .decides = true},
	};

	if ((offer_flush(o) < 0 || relay_run(lanes, 2, (int)idle_s * 1000) < 0) && !wrap_gone(errno))
		stop(errno);
	w->from = lanes[1].from;
	w->to = lanes[0].to;
}

/* The program serves in plain text until its client wants TLS. */
static void on_demand(struct wrap *w)
{
	struct offer o;
	struct err e = {0};
	int r;

	if (tlsopt_check(&tls, &e) < 0)
		fail(&e);
	wrap_go(w, "TLS_PROVIDER=dotls, starttls");
	fd_nonblock(w->to, true);
	offer_init(&o, 0, 1, w->from, w->to, (int)idle_s * 1000);
	r = offer_run(&o, starttls);
	if (r < 0 && !wrap_gone(errno))
		stop(errno);
	if (r == OFFER_TLS)
		relay_tls(shake(0, 1), w);
	else if (r == OFFER_RAW)
		relay_plain(&o, w);
	else
		offer_flush(&o);
	offer_free(&o);
}

static int dotls_main(int argc, char **argv)
{
	const char *banner = conf_env(CONF_BANNER);
	static const int connection[] = {6, 7, -1};
	struct wrap w = {.pid = 0};

	if (argc < 2)
		die_usage();
	client = client || high;
	if (!client && conf_set(CONF_NOTLS))
		run_chain(argv + 1);
	if (idle_s < 0)
		idle_s = shake_s > 0 ? shake_s : 300;
	if (shake_s <= 0)
		shake_s = 60;
	tls.client = client;
	tls.host = tls.name && *tls.name ? tls.name : conf_env(CONF_TCPREMOTEHOST);
	if (!tls.host)
		tls.host = peer();
	wrap_start(&w, argv + 1, high ? 6 : 0, high ? 7 : 1, client && !high ? connection : NULL);
	if (!client && !starttls && banner && fd_write_all(1, banner, str_z(banner).n) < 0)
		stop(errno);
	if (!client && starttls)
		on_demand(&w);
	else
		at_once(&w, client ? 6 : 0, client ? 7 : 1);
	/* who is done with the client lets go of it, whatever the program still does */
	fd_close(client ? 6 : 0);
	fd_close(client ? 7 : 1);
	int code = wrap_wait(&w);

	if (verbosity > 1)
		log_line("dotls: pid %ld from %s exiting...", (long)proc_pid(), peer());
	return code;
}

APPLET(dotls) = {
	.name = "dotls", .family = "ucspi",
	.brief = "speak TLS for a program",
	.args = "program [argument ...]", .opts = opts, .role = AS_CALLER, .main = dotls_main,
};
