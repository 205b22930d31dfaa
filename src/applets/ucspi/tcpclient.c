/* tcpclient - connect to a TCP server and run a program with the connection on descriptors 6 and 7, or join
 * it to standard input and output when there is none.  Speaks TLS for the program when asked to. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/app/wrap.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/net/dial.h"
#include "core/net/tlsopt.h"
#include "core/net/starttls.h"
#include "core/net/ucspi.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/local.h"
#include "core/sys/proc.h"
#include "core/sys/relay.h"
#include "core/sys/sig.h"

static struct ucspi_options how = {.names = 1, .ident = 1, .ident_timeout = 26, .ip_options = 1};
static struct dial to = {.first_ms = 2000, .second_ms = 58000};
static struct tlsopt tls = {.client = true};
static enum starttls starttls;
static int verbosity = 1, only4, hosts_first, details;
static long idle = 300;

static int set_local(char letter, const char *arg)
{
	unsigned port;

	to.bound = true;
	if (letter == 'i')
		return ip_scan(str_z(arg), &to.from.ip) ? 0 : -1;
	if (!sock_port(str_z(arg), &port))
		return -1;
	to.from.port = port;
	return 0;
}

/* "2+58"; without the second number there is no second round. */
static int set_patience(char letter, const char *arg)
{
	struct str rest = str_z(arg), first = str_cut(&rest, '+');
	uint64_t x, y = 0;

	(void)letter;
	if (!num_parse(first, 1000000, &x) || (rest.n && !num_parse(rest, 1000000, &y)))
		return -1;
	to.first_ms = (int)x * 1000;
	to.second_ms = (int)y * 1000;
	return 0;
}

static int set_interface(char letter, const char *arg)
{
	(void)letter;
	to.scope = dial_interface(arg);
	return to.scope ? 0 : -1;
}

static int set_starttls(char letter, const char *arg)
{
	(void)letter;
	return starttls_scan(arg, &starttls) ? 0 : -1;
}

static const struct opt opts[] = {
	FLAGV('q', NULL, &verbosity, 0, "no messages"),
	FLAGV('Q', NULL, &verbosity, 1, "errors only"),
	FLAGV('v', NULL, &verbosity, 2, "errors and status"),
	FLAG('4', NULL, &only4, "IPv4 only"),
	FLAG('6', NULL, &how.force6, "IPv6 form in the environment"),
	CALL('I', NULL, set_interface, "INTERFACE", "interface for link-local addresses"),
	CALL('i', NULL, set_local, "IP", "local address"),
	CALL('p', NULL, set_local, "PORT", "local port"),
	CALL('T', NULL, set_patience, "X+Y", "seconds for each address, and once more for silent ones"),
	FLAGV('d', NULL, &how.nodelay, 0, "let the system gather small segments"),
	FLAGV('D', NULL, &how.nodelay, 1, "send small segments at once"),
	FLAGV('h', NULL, &how.names, 1, "look up the server's name"),
	FLAGV('H', NULL, &how.names, 0, "do not look up the server's name"),
	TEXT('l', NULL, &how.local_name, "NAME", "local host name"),
	FLAGV('r', NULL, &how.ident, 1, "ask the server's ident server"),
	FLAGV('R', NULL, &how.ident, 0, "do not ask"),
	NUM('t', NULL, &how.ident_timeout, "SECONDS", "patience with the ident server"),
	NUM('a', NULL, &idle, "SECONDS", "end when no data moved for so long"),
	TEXT('n', NULL, &tls.cert, "FILE", "speak TLS, with this certificate; empty: the default one"),
	TEXT('c', NULL, &tls.ca, "FILE", "authorities, one of which must vouch for the server"),
	TEXT('L', NULL, &tls.crl, "FILE", "revoked certificates"),
	TEXT('C', NULL, &tls.dir, "DIR", "directory of certificates"),
	TEXT('f', NULL, &tls.cipher_file, "FILE", "ciphers, the first word of this file"),
	TEXT('M', NULL, &tls.method, "METHOD", "TLS version"),
	TEXT('m', NULL, &tls.name, "HOST", "the certificate must be for HOST; empty: for the host called"),
	CALL('s', NULL, set_starttls, "smtp|pop3|imap", "ask the server for TLS in this protocol first"),
	FLAG('z', NULL, &details, "details of TLS in TLS_PROVIDER"),
	FLAG('e', NULL, &hosts_first, "look into /etc/hosts, which is done anyway"),
	OPTS_END
};

static void quiet_die(const struct err *e) __attribute__((noreturn));
static void quiet_die(const struct err *e)
{
	if (verbosity > 0 && *e->text)
		die_err(e);
	proc_exit(err_exit(e));
}

static void say_failure(const struct sock_end *at, int num)
{
	char text[IP_TEXT];

	if (verbosity > 0)
		log_line("tcpclient: unable to connect to %s port %u: %s", ip_text(&at->ip, text), at->port,
			log_errno(num));
}

/* A local socket: there is nothing to tell but its name. */
static int connect_local(const char *path)
{
	int s = local_connect(path);

	if (s < 0 && verbosity > 0)
		log_line("tcpclient: unable to connect to %s: %s", path, log_errno(errno));
	if (s < 0)
		proc_exit(111);
	if (verbosity > 1)
		log_line("tcpclient: connected to %s", path);
	ucspi_forget();
	env_put("PROTO", "UNIX");
	env_put("UNIXREMOTEPATH", path);
	return s;
}

static int connect_tcp(void)
{
	struct ucspi u = {.per_ip = 0};
	struct err e = {0};
	char text[IP_TEXT];
	int s;

	to.only4 = only4;
	to.failed = say_failure;
	s = dial(&to, &u.peer, &e);
	if (s < 0)
		quiet_die(&e);
	if (verbosity > 1)
		log_line("tcpclient: connected to %s port %u", ip_text(&u.peer.ip, text), u.peer.port);
	ucspi_forget();
	if (ucspi_prepare(&u, s, &how, &e) < 0)
		quiet_die(&e);
	ucspi_free(&u);
	return s;
}

static void place(int s)
{
	if (fd_copy(6, s) < 0)
		die(111, "unable to set up descriptors: %s", log_errno(errno));
	if (s != 6 && s != 7)
		fd_close(s);
	if (fd_copy(7, 6) < 0)
		die(111, "unable to set up descriptors: %s", log_errno(errno));
}

static void idle_end(int num) __attribute__((noreturn));
static void idle_end(int num)
{
	if (num == ETIMEDOUT)
		die(111, "no data for %ld seconds", idle);
	die(111, "unable to relay: %s", log_errno(num));
}

static int join_plain(int s)
{
	struct relay_lane lanes[] = {
		{.from = 0, .to = s, .shared = true, .tell = true},
		{.from = s, .to = 1, .shared = true, .decides = true},
	};

	sig_ignore(SIGPIPE);
	if (relay_run(lanes, 2, (int)idle * 1000) < 0)
		idle_end(errno);
	return 0;
}

/* The plain beginning, the handshake, the server's papers. */
static struct tls *begin_tls(int s, struct buf *greeting)
{
	int patience = to.first_ms + to.second_ms;
	struct err e = {0};

	if (starttls && starttls_ask(starttls, s, s, greeting, patience, &e) < 0) {
		if (e.class == ERR_PERM)
			die(111, "STARTTLS rejected while %s exists", *tls.cert ? tls.cert : "a certificate");
		quiet_die(&e);
	}
	struct tls *t = tlsopt_begin(&tls, s, s, patience, &e);

	if (!t)
		quiet_die(&e);
	return t;
}

static int join_tls(int s)
{
	struct buf greeting = BUF_INIT;

	sig_ignore(SIGPIPE);
	struct tls *t = begin_tls(s, &greeting);

	if (fd_write_all(1, greeting.p, greeting.n) < 0 || tls_relay(t, 0, 1, (int)idle * 1000, false) < 0)
		idle_end(errno);
	tls_close(t);
	buf_free(&greeting);
	return 0;
}

/* The program reads the greeting as if the conversation had begun in TLS. */
static int run_tls(int s, char **program)
{
	struct buf greeting = BUF_INIT, provider = BUF_INIT;
	struct wrap w = {.pid = 0};

	wrap_start(&w, program, 6, 7, (const int[]){s, -1});
	struct tls *t = begin_tls(s, &greeting);

	tlsopt_provider("tcpclient", details ? t : NULL, &provider);
	wrap_go(&w, provider.p);
	if (fd_write_all(w.to, greeting.p, greeting.n) == 0 &&
			tls_relay(t, w.from, w.to, (int)idle * 1000, true) < 0 && !wrap_gone(errno))
		idle_end(errno);
	tls_close(t);
	buf_free(&greeting);
	buf_free(&provider);
	return wrap_wait(&w);
}

static int tcpclient_main(int argc, char **argv)
{
	int words = argc > 1 && argv[1][0] == '/' ? 1 : 2;
	char **program = argv + words + 1;

	if (argc < words + 1 || (words == 2 && argc == 3 && strcmp(argv[2], "0") == 0))
		die_usage();	/* port 0 cannot be called: a program was forgotten */
	if (starttls && !tls.cert)
		die(100, "STARTTLS options require Certificates");
	/* the connection must not take the place of what is not open */
	for (int fd = 0; fd < 3; fd++)
		if (!fd_open(fd))
			fd_null(fd);
	to.host = argv[1];
	to.port = argv[2];
	tls.host = to.host;
	int s = words == 1 ? connect_local(argv[1]) : connect_tcp();

	if (!*program)
		return tls.cert ? join_tls(s) : join_plain(s);
	if (tls.cert)
		return run_tls(s, program);
	place(s);
	run_chain(program);
}

APPLET(tcpclient) = {
	.name = "tcpclient", .family = "ucspi",
	.brief = "connect to a TCP server",
	.args = "host port [program [argument ...]]", .opts = opts, .role = AS_CALLER, .main = tcpclient_main,
};
