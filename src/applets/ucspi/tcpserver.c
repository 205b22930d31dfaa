/* tcpserver - accept connections and run a program for each, with the socket on fd 0 and 1.
 * The parent only accepts, counts and forks; everything that can take time happens in the child.  Promises: no
 * client, however slow or wrong, and no lack of descriptors or processes ends it or keeps it busy for nothing. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/app/serve.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/conf/plugins.h"
#include "core/net/crew.h"
#include "core/net/dns.h"
#include "core/net/listener.h"
#include "core/net/proxy.h"
#include "core/net/tlsgate.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/idle.h"
#include "core/sys/ids.h"
#include "core/sys/pidfile.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "core/sys/workers.h"
#include "vdomain/sqlaccess.h"

enum {
	LIMIT_MAX = 1000000,
	REST_MS = 100,		/* how long nothing is accepted after accept has failed */
	LOOK_MS = 1000,		/* how often files are looked at */
	SWEEP_MS = 1500,	/* how often sessions that wait are looked at */
};

static struct ucspi_options how = {.names = 1, .ident = 1, .ident_timeout = 26, .nodelay = 0, .ip_options = 0};
static int verbosity = 1, print_port, only4, from_env, may_lack, want_tls;
static long backlog = 20, at_once = -1, inherited = -1;
static const char *limit_text = "40", *user, *group, *rules_file, *pid_file, *interface, *proxies, *sql_file;
static struct tls_gate gate = {.patience = 60, .idle = 300};
static VEC(const char *) also;

static void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static struct admission door = {.how = &how, .warn = complain, .proxy_wait = 10};

static int add_also(char letter, const char *word)
{
	(void)letter;
	vec_push(&also, word);
	return 0;
}

static int set_cert(char letter, const char *file)
{
	(void)letter;
	want_tls = 1;
	gate.cert = file;
	return 0;
}

static const struct opt opts[] = {
	FLAGV('q', NULL, &verbosity, 0, "no messages"),
	FLAGV('Q', NULL, &verbosity, 1, "errors only"),
	FLAGV('v', NULL, &verbosity, 2, "errors and status"),
	TEXT('c', NULL, &limit_text, "N|FILE", "simultaneous connections, or a file with the number"),
	NUM('C', NULL, &at_once, "N", "simultaneous connections per address, 0 any number"),
	TEXT('x', NULL, &rules_file, "FILE", "access rules, compiled or text"),
	FLAG('X', NULL, &may_lack, "allow everybody when there is no such file"),
	TEXT('m', NULL, &sql_file, "FILE", "access rules in the database FILE names"),
	TEXT(0, "proxy", &proxies, "LIST", "proxies that begin with a PROXY header"),
	NUM(0, "proxy-wait", &door.proxy_wait, "SECONDS", "patience with that header"),
	FLAG('1', NULL, &print_port, "print the local port on descriptor 1"),
	FLAG('4', NULL, &only4, "IPv4 only"),
	FLAG('6', NULL, &how.force6, "IPv6 form in the environment"),
	TEXT('I', NULL, &interface, "NAME", "interface of a link-local address"),
	CALL(0, "also", add_also, "HOST:PORT", "listen there as well"),
	NUM('F', NULL, &inherited, "FD", "listen on this inherited descriptor"),
	NUM('b', NULL, &backlog, "N", "connections waiting to be accepted"),
	TEXT('B', NULL, &how.banner, "TEXT", "write TEXT to the client at once"),
	TEXT('e', NULL, &pid_file, "FILE", "write the process number to FILE"),
	TEXT('u', NULL, &user, "USER", "become this user, name or number"),
	TEXT('g', NULL, &group, "GROUP[,...]", "become or add these groups"),
	FLAG('U', NULL, &from_env, "user and group from UID and GID"),
	FLAGV('o', NULL, &how.ip_options, 1, "leave IP options alone"),
	FLAGV('O', NULL, &how.ip_options, 0, "remove IP options"),
	FLAGV('d', NULL, &how.nodelay, 0, "let the system gather small segments"),
	FLAGV('D', NULL, &how.nodelay, 1, "send small segments at once"),
	FLAGV('h', NULL, &how.names, 1, "look up the client's name"),
	FLAGV('H', NULL, &how.names, 0, "do not look up the client's name"),
	FLAGV('p', NULL, &how.paranoid, 1, "distrust names that do not lead back to the address"),
	FLAGV('P', NULL, &how.paranoid, 0, "trust them"),
	TEXT('l', NULL, &how.local_name, "NAME", "local host name"),
	FLAGV('r', NULL, &how.ident, 1, "ask the client's ident server"),
	FLAGV('R', NULL, &how.ident, 0, "do not ask"),
	NUM('t', NULL, &how.ident_timeout, "SECONDS", "patience with the ident server"),
	FLAG('s', NULL, &want_tls, "TLS with the default certificate"),
	CALL('n', NULL, set_cert, "FILE", "TLS with this certificate and key"),
	TEXT('i', NULL, &gate.dir, "DIR", "certificates"),
	TEXT('a', NULL, &gate.ca, "FILE", "authorities that vouch for clients"),
	TEXT('L', NULL, &gate.crl, "FILE", "revoked certificates"),
	TEXT('f', NULL, &gate.cipher_file, "FILE", "its first word is the list of ciphers"),
	TEXT('M', NULL, &gate.method, "METHOD", "TLS version, or MIN:MAX"),
	FLAG('N', NULL, &gate.renegotiate, "clients may renegotiate"),
	NUM('S', NULL, &gate.patience, "SECONDS", "patience with the handshake"),
	NUM('T', NULL, &gate.idle, "SECONDS", "patience with a silent TLS connection"),
	FLAG('z', NULL, &gate.details, "details of TLS in TLS_PROVIDER"),
	OPTS_END
};

static char *const *last;	/* the end of the chain that workers run; NULL: children serve */
static struct listeners listeners;
static size_t limit;
static int wake;
static char **program;

static void info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (verbosity > 1)
		log_list(fmt, ap);
	va_end(ap);
}

static void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (verbosity > 0)
		log_list(fmt, ap);
	va_end(ap);
}

static void warn(const char *what, const char *why)
{
	complain("tcpserver: warning: %s: %s", what, why);
}

static void status(const char *what)
{
	info("tcpserver: %s: %zu/%zu", what, seats_taken(door.seats), limit);
}

/* The database's rules, behind those of -x. */
static int ask_database(const struct ucspi *u, long *limit_per_ip, struct err *e)
{
	struct buf rule = BUF_INIT;
	int r = sqlaccess_ask(sql_file, &u->peer.ip, u->local.port, limit_per_ip, &rule, e);

	if (r == 0)
		info("tcpserver: MySQL: Port %u: IPrule %s", u->local.port, rule.p);
	buf_free(&rule);
	return r;
}

static int work(struct str text, const int *fds, int n);
static void serve(int s, const struct arrival *j);
static void ended(pid_t pid, int code);
static struct crew crew = {.workers = {.run = work, .keep_stderr = true}, .serve = serve, .ended = ended};

/* ---- in the child, or in a worker: one connection ------------------------------------------------ */

/* The program behind TLS must not know the private key, which this process does: hence exec. */
static void run_program(void)
{
	run_exec(program);
}

static int serve_tls(int s)
{
	struct err e = {0};

	fd_null(0);
	fd_null(1);
	if (tls_gate_serve(&gate, s, run_program, &e) == 0)
		return 0;
	info("tcpserver: tls %ld %s", (long)proc_pid(), log_err(&e));
	complain("tcpserver: warning: dropping connection, unable to accept SSL connection");
	return 111;
}

static void serve(int s, const struct arrival *j)
{
	for (size_t i = 0; i < listeners.v.n; i++)
		fd_close(listeners.v.p[i].fd);
	fd_close(wake);
	int r = admit(&door, s, j);

	if (r == 0 && want_tls) {
		r = serve_tls(s);
	} else if (r == 0) {
		fd_close_from(3);
		run_chain(program);
	}
	proc_exit(r);
}

static struct serve job;

/* A new connection: as in a child, without the fork. */
static int let_in(struct str arrival, int s)
{
	struct arrival j;

	if (arrival.n != sizeof j)
		return 111;
	memcpy(&j, arrival.p, sizeof j);
	log_set_program("tcpserver");
	int r = admit(&door, s, &j);

	fd_close(s);
	return r;
}

/* A job in a worker. */
static int work(struct str text, const int *fds, int n)
{
	return n == 1 ? serve_job(&job, text, fds[0]) : 111;
}

/* ---- the parent: connections come and go --------------------------------------------------------- */

static void ended(pid_t pid, int code)
{
	if (proc_crashed(code))
		info("tcpserver: end %ld status killed by signal %d", (long)pid, proc_signal(code));
	else if (proc_code(code))
		info("tcpserver: end %ld status %d", (long)pid, proc_code(code));
	status("status");
}

static void warm(void)
{
	const struct applet *a = run_applet(last[0]);

	if (a->warm)
		crew.workers.keep = a->warm();
}

/* Workers run what is one of ours, and can run again and again. */
static void open_workers(int words)
{
	struct err e = {0};

	last = want_tls || words > SERVE_WORDS ? NULL : run_again(program);
	if (!last)
		return;
	idle_prepare();
	warm();
	if (workers_open(&crew.workers, &e) < 0)
		die_err(&e);
	job = (struct serve){program, last, let_in, crew.workers.env};
}

static bool too_many(const struct arrival *j)
{
	char ip[IP_TEXT];

	if (j->path || j->proxied || at_once <= 0 || seats_count(door.seats, &j->peer.ip) < (size_t)at_once)
		return false;
	complain("tcpserver: end %s perIPlimit %ld", ip_text(&j->peer.ip, ip), at_once);
	return true;
}

/* Accept one connection; false: it cannot be done just now, and trying again at once would not help. */
static bool accept_one(const struct listener *l)
{
	struct err e = {0};
	struct arrival j;

	memset(&j, 0, sizeof j);	/* it travels as bytes */
	j.path = l->path;
	int s = listener_accept(l, &j.peer);

	if (s < 0)
		return errno == EAGAIN || errno == ECONNABORTED || errno == EPROTO || errno == EPERM || errno == EINTR;
	j.proxied = !l->path && proxies && proxy_listed(str_z(proxies), &j.peer.ip);
	if (!too_many(&j)) {
		if (crew_serve(&crew, s, &j, &e) < 0)
			warn("dropping connection, unable to fork", log_errno(e.num));
		status("status");
	}
	fd_close(s);
	return true;
}

static void dump(void)
{
	char text[IP_TEXT];
	struct ip ip;
	pid_t pid;

	for (size_t i = 0; seats_next(door.seats, &i, &ip, &pid); )
		log_line("tcpserver: SLOT: IP %s: PID %ld", ip_text(&ip, text), pid > 0 ? (long)pid : 0L);
}

static int read_limit(void)
{
	return control_number(limit_text, LIMIT_MAX, &limit);
}

/* false: it is time to go. */
static bool handle_signals(void)
{
	unsigned char sig;
	bool stay = true, ended = false;

	while (fd_read(wake, &sig, 1) == 1) {
		if (sig == SIGTERM) {
			stay = false;
		} else if (sig == SIGCHLD) {
			ended = true;
		} else if (sig == SIGUSR1) {
			dump();
		} else {
			if (read_limit() < 0)
				warn("the old limit stays, no number", limit_text);
			status("sighup");
		}
	}
	if (ended)
		crew_reap(&crew);
	return stay;
}

/* Files may have changed; children take over what we have read. */
static void look_at_files(long long now)
{
	static long long next;
	struct err e = {0};

	if (now < next)
		return;
	next = now + LOOK_MS;
	if (door.rules)
		access_refresh(door.rules, NULL);	/* the child says what is wrong */
	if (want_tls && tls_gate_refresh(&gate, &e) < 0)
		warn("the old certificate stays", log_err(&e));
	if (last)
		warm();
}

/* Wait and accept until SIGTERM. */
static void loop(void)
{
	size_t n = listeners.v.n;
	long long rest = 0;	/* until then nothing is accepted */
	VEC(struct pollfd) polls = {0};

	vec_reserve(&polls, n + 3);
	struct pollfd *p = polls.p;

	p[0] = (struct pollfd){wake, POLLIN, 0};
	p[1] = (struct pollfd){crew.workers.env ? crew.workers.notes[0] : -1, POLLIN, 0};
	for (size_t i = 0; i < n; i++)
		p[i + 3] = (struct pollfd){listeners.v.p[i].fd, POLLIN, 0};
	for (;;) {
		long long left = rest ? rest - clock_mono_ms() : 0;
		bool open = left <= 0 && seats_taken(door.seats) < limit;

		p[2] = (struct pollfd){crew.waiting ? crew.set : -1, POLLIN, 0};
		int ready = idle_poll(p, open ? n + 3 : 3, left > 0 ? (int)left : crew.waiting ? SWEEP_MS : -1);

		if (ready < 0)
			p[0].revents = POLLIN;	/* a signal has come */
		if (p[0].revents && !handle_signals())
			break;
		crew_notes(&crew);
		crew_wake(&crew);
		if (left <= 0)
			rest = 0;
		for (size_t i = 0; open && i < n && seats_taken(door.seats) < limit; i++) {
			if (!p[i + 3].revents)
				continue;
			look_at_files(clock_mono_ms());
			if (!accept_one(&listeners.v.p[i]))
				rest = clock_mono_ms() + REST_MS;
		}
	}
	vec_free(&polls);
}

/* ---- getting ready ------------------------------------------------------------------------------- */

/* The listeners; returns how many words of the command line they took. */
static int open_listeners(int argc, char **argv)
{
	struct listener_how h = {(int)backlog, only4, interface};
	int words = inherited >= 0 ? 0 : argc > 1 && *argv[1] == '/' ? 1 : 2, passed;
	struct err e = {0};

	if (argc < words + 2)
		die_usage();
	passed = listener_passed(&listeners, &e);
	if (passed < 0 || (inherited >= 0 && listener_inherit(&listeners, (int)inherited, &e) < 0))
		die_err(&e);
	if (passed == 0 && words > 0 && listener_add(&listeners, argv[1], words > 1 ? argv[2] : NULL, &h, &e) < 0)
		die_err(&e);
	for (size_t i = 0; i < also.n; i++)
		if (listener_add_word(&listeners, also.p[i], &h, &e) < 0)
			die_err(&e);
	return words;
}

static void take_ids(void)
{
	struct err e = {0};

	if (from_env) {
		user = conf_env(CONF_UID);
		group = conf_env(CONF_GID);
	}
	if ((user || group) && ids_take(user, group, &e) < 0)
		die_err(&e);
}

/* Descriptors 0 and 1 are no longer anybody's business. */
static void leave_standard_fds(void)
{
	if (fd_null(0) < 0 || fd_null(1) < 0)
		die(111, "unable to open /dev/null: %s", log_errno(errno));
}

/* Plugins of the service are part of this program: they are not loaded, only mentioned. */
static void mention_plugins(void)
{
	struct str file;

	for (size_t i = 0; conf_set(CONF_USE_DLMOPEN) && plugins_next(&i, &file); )
		info("tcpserver: %.*s: link map ID: 0", STR_FMT(file));
}

/* Limits per address: -C is asked before the fork, MAXPERIP (else -C) in the child, where rules may change it. */
static void read_limits(void)
{
	long preset = 0;

	if (conf_int(CONF_MAXPERIP, &preset, NULL) < 0)
		preset = 0;
	door.per_ip = conf_set(CONF_MAXPERIP) || at_once < 0 ? preset : at_once;
	if (at_once < 0)
		at_once = preset;
	if (read_limit() < 0)
		die(111, "unable to read the limit from %s", limit_text);
	if (!proxies)
		proxies = conf_env(CONF_PROXY_HOSTS);
	struct str wrong = proxies ? proxy_list_wrong(str_z(proxies)) : STR("");

	if (wrong.n)
		die(100, "no address of a proxy: %.*s", STR_FMT(wrong));
}

static void start_signals(void)
{
	static const int caught[] = {SIGCHLD, SIGHUP, SIGUSR1, SIGTERM};

	wake = sig_pipe(caught, sizeof caught / sizeof *caught);
	if (wake < 0)
		die(111, "unable to create a pipe: %s", log_errno(errno));
	sig_ignore(SIGPIPE);
}

static int tcpserver_main(int argc, char **argv)
{
	struct err e = {0};

	if (argc < (inherited >= 0 ? 2 : 3))
		die_usage();
	read_limits();
	if (want_tls && tls_gate_open(&gate, &e) < 0)
		die_err(&e);
	int words = open_listeners(argc, argv) + 1;

	program = argv + words;
	door.dual = !only4;
	door.info = verbosity > 1 ? info : NULL;
	crew.seats = door.seats = seats_open(LIMIT_MAX);
	if (!door.seats)
		die(111, "unable to share memory: %s", log_errno(errno));
	if (pid_file && pidfile_write(pid_file, &e) < 0)
		die_err(&e);
	take_ids();
	if (rules_file)
		door.rules = access_open(rules_file, may_lack);
	if (sql_file && sqlaccess_load(&e) < 0)
		warn("no SQL rules", log_err(&e));
	else if (sql_file)
		door.ask = ask_database;
	mention_plugins();
	if (print_port && listener_ports(&listeners, 1) < 0)
		die(111, "unable to print the local port: %s", log_errno(errno));
	leave_standard_fds();
	dns_prepare();
	open_workers(argc - words);
	start_signals();
	status("status");
	loop();
	crew_farewell(&crew);
	listener_end(&listeners);
	if (pid_file)
		file_unlink(pid_file);
	return 0;
}

APPLET(tcpserver) = {
	.name = "tcpserver", .family = "ucspi",
	.brief = "run a program for every TCP connection",
	.args = "host port program [argument ...]", .opts = opts, .role = AS_CALLER, .main = tcpserver_main,
};
