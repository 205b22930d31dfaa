/* sslerator - speak TLS with a client for a program that does not.  Run by the POP3 and IMAP proxies when a
 * client asks for TLS; without a certificate the program runs as it is. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/app/wrap.h"
#include "core/conf/conf.h"
#include "core/net/tlsopt.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/in.h"
#include "core/sys/proc.h"

static struct tlsopt tls;
static const char *banner;
static int errors_too, greeting_first, verbose;
static long seconds = 300, net;

static const struct opt opts[] = {
	TEXT('n', NULL, &tls.cert, "FILE", "certificate and key"),
	NUM('t', NULL, &seconds, "SECONDS", "patience with the handshake and between data"),
	TEXT('b', NULL, &banner, "TEXT", "line written before TLS begins"),
	FLAG('e', NULL, &errors_too, "what the program writes to descriptor 2 goes to the client"),
	FLAG('s', NULL, &greeting_first, "the program's greeting is handed through before TLS begins"),
	NUM('f', NULL, &net, "FD", "the connection"),
	FLAG('v', NULL, &verbose, "say how the program ended"),
	OPTS_END
};

/* Lines "220-..." up to "220 ...": the code. */
static int hand_through(struct wrap *w, int to)
{
	enum { LINE = 4096, LINES = 100 };
	char space[1];	/* nothing beyond the greeting may be read */
	struct buf line = BUF_INIT;
	struct in in;
	int code = 0;
	bool more = true;

	in_init(&in, w->from, space, sizeof space);
	in.timeout = (int)seconds * 1000;
	for (int i = 0; more && i < LINES; i++) {
		buf_clear(&line);
		if (in_line(&in, &line, '\n', LINE) != 1 || fd_write_all(to, line.p, line.n) < 0)
			die(111, "454 greeting failed: %s", log_errno(errno));
		const char *p = line.p;
		bool number = line.n > 3 && chr_digit(p[0]) && chr_digit(p[1]) && chr_digit(p[2]);

		code = number ? (p[0] - '0') * 100 + (p[1] - '0') * 10 + p[2] - '0' : 0;
		more = number && p[3] == '-';
	}
	buf_free(&line);
	return code;
}

static void say_banner(int to)
{
	struct buf line = BUF_INIT;

	if (!banner)
		banner = conf_env(CONF_BANNER);
	if (!banner)
		return;
	buf_fmt(&line, "%s%s", banner, str_ends(str_z(banner), STR("\n")) ? "" : "\n");
	if (fd_write_all(to, line.p, line.n) < 0)
		die(111, "unable to write the banner: %s", log_errno(errno));
	buf_free(&line);
}

static int sslerator_main(int argc, char **argv)
{
	struct err e = {0};
	struct wrap w = {.errors_too = errors_too};

	if (argc < 2)
		die_usage();
	if (!tls.cert || !*tls.cert)
		tls.cert = conf_env(CONF_TLS_CERTFILE);
	if (!tls.cert || !*tls.cert)
		run_chain(argv + 1);
	tls.ciphers = conf_env(CONF_SSL_CIPHER);
	int to = net ? (int)net : 1;

	env_put("SSLERATOR", "1");
	wrap_start(&w, argv + 1, 0, 1, net > 2 ? (const int[]){(int)net, -1} : NULL);
	if (greeting_first) {
		wrap_go(&w, NULL);
		int code = hand_through(&w, to);

		if (code != 220)
			proc_exit(code);
	} else {
		say_banner(to);
	}
	struct tls *t = tlsopt_begin(&tls, (int)net, to, (int)seconds * 1000, &e);

	if (!t)
		die_err(&e);
	if (!greeting_first)
		wrap_go(&w, NULL);
	if (tls_relay(t, w.from, w.to, (int)seconds * 1000, true) < 0 && !wrap_gone(errno)) {
		if (errno == ETIMEDOUT)
			die(111, "timeout reached without input [%ld sec]", seconds);
		die(111, "unable to relay: %s", log_errno(errno));
	}
	tls_close(t);
	int code = wrap_wait(&w);

	if (verbose)
		log_line("sslerator: %ld: exit status %d", (long)w.pid, code);
	return code;
}

APPLET(sslerator) = {
	.name = "sslerator", .family = "ucspi",
	.brief = "speak TLS with a client for a program",
	.args = "program [argument ...]", .opts = opts, .role = AS_CALLER, .main = sslerator_main,
};
