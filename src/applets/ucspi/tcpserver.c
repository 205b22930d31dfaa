/* tcpserver - accept TCP connections and run a program for each, with the socket on fd 0 and 1.
 * The parent only accepts, counts and forks; everything that can take time happens in the child. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/net/dns.h"
#include "core/net/sock.h"
#include "core/net/ucspi.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"
#include "core/sys/sig.h"
#include "core/sys/workers.h"

static struct ucspi_options how = {.names = 1, .ident = 1, .ident_timeout = 26, .nodelay = 0, .ip_options = 0};
static int verbosity = 1, print_port, only4, from_env;
static long backlog = 20, per_ip = -1, inherited = -1;
static const char *limit_text = "40", *user, *group;

static const struct opt opts[] = {
	FLAGV('q', NULL, &verbosity, 0, "no messages"),
	FLAGV('Q', NULL, &verbosity, 1, "errors only"),
	FLAGV('v', NULL, &verbosity, 2, "errors and status"),
	TEXT('c', NULL, &limit_text, "N|FILE", "simultaneous connections, or a file with the number"),
	NUM('C', NULL, &per_ip, "N", "simultaneous connections per address, 0 any number"),
	FLAG('1', NULL, &print_port, "print the local port on descriptor 1"),
	FLAG('4', NULL, &only4, "IPv4 only"),
	FLAG('6', NULL, &how.force6, "IPv6 form in the environment"),
	NUM('b', NULL, &backlog, "N", "connections waiting to be accepted"),
	TEXT('B', NULL, &how.banner, "TEXT", "write TEXT to the client at once"),
	TEXT('u', NULL, &user, "USER", "become this user, name or number"),
	TEXT('g', NULL, &group, "GROUP", "become this group, name or number"),
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
	NUM('F', NULL, &inherited, "FD", "listen on this inherited descriptor"),
	OPTS_END
};

struct slot {
	pid_t pid;
	struct ip ip;
};

static VEC(struct slot) slots;
static size_t limit;
static int listener, wake[2];
static volatile sig_atomic_t got_child, got_hup, got_usr1, got_term;

static void on_signal(int sig)
{
	int num = errno;

	if (sig == SIGCHLD)
		got_child = 1;
	else if (sig == SIGHUP)
		got_hup = 1;
	else if (sig == SIGUSR1)
		got_usr1 = 1;
	else
		got_term = 1;
	fd_write(wake[1], "", 1);
	errno = num;
}

static void status(const char *what)
{
	if (verbosity > 1)
		log_line("tcpserver: %s: %zu/%zu", what, slots.n, limit);
}

static void warn(const char *what, int num)
{
	if (verbosity > 0)
		log_line("tcpserver: warning: %s: %s", what, log_errno(num));
}

/* The number, or the number in the file; without one the limit stays. */
static int read_limit(void)
{
	struct buf text = BUF_INIT;
	uint64_t n = 0;
	bool number = num_parse(str_z(limit_text), 1000000, &n);

	if (!number && file_slurp(limit_text, &text, 4096) == 0)
		number = num_scan(str_trim(buf_str(&text)), &n) && n <= 1000000;
	if (number && n)
		limit = n;
	buf_free(&text);
	return number && n ? 0 : -1;
}

static bool lookup_group(const char *name, gid_t *gid)
{
	uint64_t n;

	if (num_parse(str_z(name), UINT32_MAX - 1, &n)) {
		*gid = (gid_t)n;
		return true;
	}
	return pw_group(str_z(name), gid) == 1;
}

static void change_ids(void)
{
	enum { GROUPS = 64 };
	gid_t groups[GROUPS] = {proc_egid()}, gid = groups[0];
	uid_t uid = proc_euid();
	struct err e = {0};
	struct pw p;
	uint64_t n;
	int count = 1;

	if (group && !lookup_group(group, &gid))
		die(111, "unable to set gid: no group %s", group);
	groups[0] = gid;
	if (user && num_parse(str_z(user), UINT32_MAX - 1, &n)) {
		uid = (uid_t)n;
	} else if (user) {
		if (pw_name(str_z(user), &p) != 1)
			die(111, "unable to set uid: no user %s", user);
		uid = p.uid;
		if (!group)
			gid = p.gid;
		count = pw_groups(str_z(user), gid, groups, GROUPS);
	}
	if (count < 1 || proc_become(uid, gid, groups, (size_t)count, &e) < 0)
		die(111, "unable to set uid: %s", log_err(&e));
}

/* An address, or a name with one; the empty word and 0 mean all. */
static void find_host(const char *host, struct ip *ip)
{
	struct dns_answer a = {0};
	struct err e = {0};

	if (!*host || strcmp(host, "0") == 0 || ip_scan(str_z(host), ip))
		return;
	struct dns *d = dns_open(30000, &e);

	if (!d)
		die_err(&e);
	enum dns_status found = dns_ip(d, str_z(host), &a);

	if (found == DNS_SOFT)
		die(111, "temporarily unable to figure out IP address for %s", host);
	if (found != DNS_FOUND || a.ips.n == 0)
		die(111, "no IP address for %s", host);
	*ip = a.ips.p[0];
	dns_answer_free(&a);
	dns_close(d);
}

static int open_listener(char **argv)
{
	struct sock_end at = {0};

	if (inherited >= 0)
		return (int)inherited;
	if (!sock_port(str_z(argv[2]), &at.port))
		die(111, "unable to figure out port number for %s", argv[2]);
	find_host(argv[1], &at.ip);
	int fd = sock_listen(&at, (int)backlog, only4);

	if (fd < 0)
		die(111, "unable to bind: %s", log_errno(errno));
	return fd;
}

/* Descriptors 0 and 1 are no longer anybody's business. */
static void leave_standard_fds(void)
{
	if (fd_null(0) < 0 || fd_null(1) < 0)
		die(111, "unable to open /dev/null: %s", log_errno(errno));
}

static size_t count_ip(const struct ip *ip)
{
	size_t n = 0;

	for (size_t i = 0; i < slots.n; i++)
		n += ip_same(&slots.p[i].ip, ip);
	return n;
}

static void say(const struct ucspi *u, void (*make)(const struct ucspi *u, long pid, struct buf *line))
{
	struct buf line = BUF_INIT;

	if (verbosity < 2)
		return;
	make(u, (long)proc_pid(), &line);
	log_line("%s", line.p);
	buf_free(&line);
}

/* What the program shall know, and its descriptors. */
static void introduce(int s, const struct sock_end *peer)
{
	struct err e = {0};
	struct ucspi u = {.peer = *peer, .per_ip = per_ip, .dual = !only4};

	say(&u, ucspi_start_line);
	if (ucspi_prepare(&u, s, &how, &e) < 0)
		die_err(&e);
	say(&u, ucspi_ok_line);
	ucspi_free(&u);
	if (fd_copy(0, s) < 0 || fd_copy(1, s) < 0)
		die(111, "unable to place the socket: %s", log_errno(errno));
}

static void serve(int s, const struct sock_end *peer, char **argv) __attribute__((noreturn));
static void serve(int s, const struct sock_end *peer, char **argv)
{
	sig_reset();
	fd_close(listener);
	fd_close(wake[0]);
	fd_close(wake[1]);
	introduce(s, peer);
	fd_close_from(3);
	run_become(argv);
}

static char **program;

/* A connection in a worker: the same, without the fork. */
static int work(struct str text, const int *fds, int n)
{
	enum { WORDS = 64 };
	char *argv[WORDS + 1];
	struct sock_end peer;
	int argc = 0;

	if (n != 1 || text.n != sizeof peer)
		return 111;
	memcpy(&peer, text.p, sizeof peer);
	for (; program[argc] && argc < WORDS; argc++)
		argv[argc] = program[argc];
	argv[argc] = NULL;
	log_set_program("tcpserver");
	introduce(fds[0], &peer);
	fd_close(fds[0]);
	return applet_run(run_applet(argv[0]), argc, argv);
}

static struct workers workers = {.run = work, .keep_stderr = true};

/* One of ours that can run again and again, and no role to take on. */
static void open_workers(void)
{
	const struct applet *a = run_applet(program[0]);
	struct err e = {0};

	if (a && a->flags & APPLET_AGAIN && !conf_on(CONF_REEXEC) && workers_open(&workers, &e) < 0)
		die_err(&e);
}

static pid_t start_child(int s, const struct sock_end *peer, struct err *e)
{
	if (workers.env)
		return workers_start(&workers, str_make((const char *)peer, sizeof *peer), &s, 1, e);
	pid_t pid = proc_fork();

	if (pid == 0)
		serve(s, peer, program);
	return pid < 0 ? err_temp(e, errno, "unable to fork") : pid;
}

static void refuse(const struct ip *ip)
{
	struct buf text = BUF_INIT;

	ip_fmt(&text, ip);
	if (verbosity > 0)
		log_line("tcpserver: end %s perIPlimit %ld", text.p, per_ip);
	buf_free(&text);
}

static void accept_one(void)
{
	struct sock_end peer = {.port = 0};
	struct err e = {0};
	int s = sock_accept(listener, &peer);

	if (s < 0) {
		/* out of descriptors or memory: do not spin */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			clock_nap_ms(100);
		return;
	}
	if (per_ip > 0 && count_ip(&peer.ip) >= (size_t)per_ip) {
		refuse(&peer.ip);
	} else {
		pid_t pid = start_child(s, &peer, &e);

		if (pid < 0)
			warn("dropping connection, unable to fork", e.num);
		else
			vec_push(&slots, ((struct slot){pid, peer.ip}));
		status("status");
	}
	fd_close(s);
}

static void forget(pid_t pid, int code)
{
	size_t before = slots.n;

	for (size_t i = 0; i < slots.n; i++)
		if (slots.p[i].pid == pid)
			slots.p[i] = slots.p[--slots.n];
	if (verbosity < 2 || slots.n == before)
		return;	/* an idle worker has left */
	if (proc_crashed(code))
		log_line("tcpserver: end %ld status killed by signal %d", (long)pid, proc_signal(code));
	else if (proc_code(code))
		log_line("tcpserver: end %ld status %d", (long)pid, proc_code(code));
	status("status");
}

static void take_notes(void)
{
	pid_t pid;
	int code;

	while (workers.env && workers_note(&workers, &pid, &code))
		forget(pid, code);
}

static void dump(void)
{
	struct buf ip = BUF_INIT;

	for (size_t i = 0; i < slots.n; i++) {
		buf_clear(&ip);
		ip_fmt(&ip, &slots.p[i].ip);
		log_line("tcpserver: SLOT: IP %s: PID %ld", ip.p, (long)slots.p[i].pid);
	}
	buf_free(&ip);
}

static void handle_signals(void)
{
	char block[64];
	pid_t pid;
	int code;

	while (fd_read(wake[0], block, sizeof block) > 0)
		;
	if (got_child) {
		got_child = 0;
		while ((pid = proc_wait(-1, &code, true)) > 0) {
			take_notes();	/* what a worker finished counts before its end */
			forget(pid, code);
			if (workers.env)
				workers_gone(&workers, pid);
		}
	}
	if (got_hup) {
		got_hup = 0;
		if (read_limit() < 0)
			warn(limit_text, errno ? errno : EINVAL);
		status("sighup");
	}
	if (got_usr1) {
		got_usr1 = 0;
		dump();
	}
}

static void start_signals(void)
{
	static const int caught[] = {SIGCHLD, SIGHUP, SIGUSR1, SIGTERM};

	if (fd_pipe(wake) < 0 || fd_nonblock(wake[0], true) < 0 || fd_nonblock(wake[1], true) < 0)
		die(111, "unable to create a pipe: %s", log_errno(errno));
	for (unsigned i = 0; i < sizeof caught / sizeof *caught; i++)
		sig_catch(caught[i], on_signal);
	sig_ignore(SIGPIPE);
}

static void say_port(void)
{
	struct sock_end at;
	struct buf text = BUF_INIT;

	if (sock_local(listener, &at) < 0)
		die(111, "unable to learn the local port: %s", log_errno(errno));
	buf_fmt(&text, "%u\n", at.port);
	fd_write_all(1, text.p, text.n);
	buf_free(&text);
}

static int tcpserver_main(int argc, char **argv)
{
	int words = inherited >= 0 ? 0 : 2;

	if (argc < words + 2)
		die_usage();
	if (per_ip < 0 && conf_int(CONF_MAXPERIP, &per_ip, NULL) < 0)
		per_ip = 0;
	if (read_limit() < 0)
		die(111, "unable to read the limit from %s", limit_text);
	listener = open_listener(argv);
	if (fd_nonblock(listener, true) < 0 || fd_cloexec(listener, true) < 0)
		die(111, "unable to use descriptor %d: %s", listener, log_errno(errno));
	if (from_env) {
		user = conf_env(CONF_UID);
		group = conf_env(CONF_GID);
	}
	if (user || group)
		change_ids();
	if (print_port)
		say_port();
	leave_standard_fds();
	program = argv + words + 1;
	open_workers();
	start_signals();
	status("status");
	while (!got_term) {
		struct pollfd p[3] = {{wake[0], POLLIN, 0}, {workers.env ? workers.notes[0] : -1, POLLIN, 0},
			{listener, POLLIN, 0}};

		fd_poll(p, slots.n < limit ? 3 : 2, -1);
		if (p[0].revents)
			handle_signals();
		take_notes();
		if (slots.n < limit && p[2].revents && !got_term)
			accept_one();
	}
	return 0;
}

APPLET(tcpserver) = {
	.name = "tcpserver", .family = "ucspi",
	.brief = "run a program for every TCP connection",
	.args = "host port program [argument ...]", .opts = opts, .role = AS_CALLER, .main = tcpserver_main,
};
