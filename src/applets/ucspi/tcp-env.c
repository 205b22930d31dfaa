/* tcp-env - run a program with the particulars of the connection on descriptor 0 in its environment, as
 * tcpserver would. For servers started by inetd. */
#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/conf/conf.h"
#include "core/net/ucspi.h"
#include "core/sys/env.h"

static struct ucspi_options how = {.names = 1, .ident = 1, .ident_timeout = 30, .ip_options = 1};

static const struct opt opts[] = {
	FLAGV('r', NULL, &how.ident, 1, "ask the client's ident server"),
	FLAGV('R', NULL, &how.ident, 0, "do not ask"),
	NUM('t', NULL, &how.ident_timeout, "SECONDS", "patience with the ident server"),
	OPTS_END
};

static int tcp_env_main(int argc, char **argv)
{
	struct ucspi u = {.per_ip = 0};
	struct err e = {0};

	if (argc < 2)
		die_usage();
	/* whoever set PROTO has set the rest */
	if (!conf_env(CONF_PROTO)) {
		ucspi_forget();
		if (sock_peer(0, &u.peer) < 0)
			env_put("PROTO", "TCP");
		else if (ucspi_prepare(&u, 0, &how, &e) < 0)
			die_err(&e);
		ucspi_free(&u);
	}
	run_chain(argv + 1);
}

APPLET(tcp_env) = {
	.name = "tcp-env", .family = "ucspi",
	.brief = "set up TCP variables for a server of inetd",
	.args = "program [argument ...]", .opts = opts, .role = AS_CALLER, .main = tcp_env_main,
};
