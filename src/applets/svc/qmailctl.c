/* qmailctl - start, stop, signal and show the services of a mail system.  Run by administrators and by init:
 * root, or whoever the directory of services belongs to.  Exit 0, 1 when something failed, 4 not allowed. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"
#include "svc/halt.h"
#include "svc/report.h"
#include "svc/scandir.h"
#include "svc/state.h"

enum { NOT_ALLOWED = 4, COLUMN = 43, START_MS = 10000, STOP_MS = 30000, LOOK_MS = 20 };

static const char *servicedir;
static struct buf dir = BUF_INIT;
static int failed;

static const struct opt opts[] = {
	TEXT(0, "servicedir", &servicedir, "DIR", "the directory of services"),
	OPTS_END
};

/* ---- words ---- */

static void put(struct buf *b)
{
	for (size_t i = 0; i + 1 < b->n; i++)
		if ((unsigned char)b->p[i] < 32 || b->p[i] == 127)
			b->p[i] = '?';
	fd_write_all(1, b->p, b->n);
	buf_free(b);
}

/* "TEXT: " and what became of it. */
static bool result(const char *what, const char *object, bool ok)
{
	struct buf b = BUF_INIT;

	buf_fmt(&b, "%s%s%s: ", what, *object ? " " : "", object);
	buf_fmt(&b, "%*s%s\n", b.n < COLUMN ? (int)(COLUMN - b.n) : 0, "", ok ? "[  OK  ]" : "[FAILED]");
	put(&b);
	failed |= !ok;
	return ok;
}

/* ---- services ---- */

/* NAME or NAME.anything of one of these names; no names: every service. */
static bool is_named(const char *name, const char *const *names)
{
	if (!names)
		return true;
	for (; *names; names++) {
		size_t n = strlen(*names);

		if (strncmp(name, *names, n) == 0 && (!name[n] || name[n] == '.'))
			return true;
	}
	return false;
}

static const char *const senders[] = {"qmail-send", NULL};
static const char *const receivers[] = {"qmail-smtpd", "qmail-qmqpd", "qmail-qmtpd", NULL};
static const char *const both[] = {"qmail-send", "qmail-smtpd", NULL};

static bool has_down(const char *path)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/down", path);
	bool yes = file_exists(fn.p);

	buf_free(&fn);
	return yes;
}

/* Send bytes to the supervise of one service. */
static bool send(const char *path, const char *bytes)
{
	struct buf state = BUF_INIT;
	bool ok = state_find(path, &state, NULL) == 0 && state_command(state.p, str_z(bytes)) == 0;

	buf_free(&state);
	return ok;
}

enum {
	MAINS = 1, LOGS = 2,
	NOT_DOWN = 4,	/* those without a down file only */
	QUIET = 8,	/* nothing said, nothing failed */
};

static void each(const char *what, const char *const *names, const char *bytes, int which)
{
	struct service_names all = {{0}};
	struct buf path = BUF_INIT;
	struct err e = {0};

	if (scandir_services(dir.p, which & MAINS, which & LOGS, &all, &e) < 0)
		die_err(&e);
	for (size_t i = 0; i < all.list.n; i++) {
		const char *name = all.list.p[i];

		buf_clear(&path);
		buf_fmt(&path, "%s/%s", dir.p, name);
		if (!is_named(name, names) || ((which & NOT_DOWN) && has_down(path.p)))
			continue;
		bool ok = send(path.p, bytes);

		if (!(which & QUIET))
			result(what, name, ok);
	}
	scandir_free(&all);
	buf_free(&path);
}

/* ---- svscan ---- */

static bool svscan_runs(pid_t *pid)
{
	struct err e = {0};
	time_t since;
	int r = scandir_svscan(dir.p, pid, &since, &e);

	if (r < 0)
		die(1, "%s", log_err(&e));
	return r;
}

/* Poll until svscan runs, or no longer does. */
static bool svscan_becomes(bool running, long ms)
{
	long long end = clock_mono_ms() + ms;
	pid_t pid;

	while (svscan_runs(&pid) != running) {
		if (clock_mono_ms() >= end)
			return false;
		clock_sleep_ms(LOOK_MS);
	}
	return true;
}

/* The unit is there and systemd runs: then it is systemd who starts and stops the services of the machine. */
static bool have_systemd(void)
{
	static const char *const units[] = {"/etc/systemd/system/svscan.service",
		"/lib/systemd/system/svscan.service", "/usr/lib/systemd/system/svscan.service"};

	if (servicedir || conf_env(CONF_INDIMAIL_ROOT) || !file_exists("/run/systemd/system") ||
		!run_known("systemctl"))
		return false;
	for (unsigned i = 0; i < sizeof units / sizeof *units; i++)
		if (file_exists(units[i]))
			return true;
	return false;
}

static bool run_words(char *const argv[], bool new_session, bool wait)
{
	struct err e = {0};
	pid_t pid = run_start(argv, &(struct run){.new_session = new_session}, &e);

	if (pid < 0)
		log_warn("%s", log_err(&e));
	return pid > 0 && (!wait || run_wait(pid) == 0);
}

static bool systemctl(const char *verb)
{
	char *argv[] = {(char[]){"systemctl"}, (char *)(size_t)verb, (char[]){"svscan"}, NULL};

	return run_words(argv, false, true);
}

static int start(void)
{
	char *argv[] = {(char[]){"svscanboot"}, dir.p, NULL};
	pid_t pid;

	if (svscan_runs(&pid)) {
		each("starting", NULL, "u", MAINS | NOT_DOWN);
		return failed;
	}
	bool ok = have_systemd() ? systemctl("start") : run_words(argv, true, false);

	result("starting svscan", "", ok && svscan_becomes(true, START_MS));
	return failed;
}

/* svscan first: it would start again what ends.  Loggers may read what is left. */
static int shut(void)
{
	pid_t pid;
	bool ok = true;

	if (svscan_runs(&pid)) {
		ok = proc_kill(pid, SIGTERM) == 0 && svscan_becomes(false, STOP_MS);
		result("stopping svscan", "", ok);
	}
	each("", NULL, "dx", MAINS | QUIET);
	each("", NULL, "ox", LOGS | QUIET);
	if (!halt_wait(dir.p, STOP_MS))
		result("waiting for services to end", "", false);
	return failed;
}

static int stop(void)
{
	each("stopping", NULL, "d", MAINS);
	return shut();
}

static int restart(void)
{
	stop();
	return start();
}

static int try_restart(void)
{
	pid_t pid;

	if (!svscan_runs(&pid))
		return 0;
	each("stopping", receivers, "d", MAINS);
	each("restarting", senders, "t", MAINS);
	each("starting", receivers, "u", MAINS | NOT_DOWN);
	return failed;
}

static int kill_all(void)
{
	each("killing", NULL, "dxk", MAINS | LOGS);
	return failed;
}

/* ---- signals and views ---- */

static int flush(void)
{
	char *argv[] = {(char[]){"qmail-tcpok"}, NULL};

	result("clearing the table of timeouts", "", run_words(argv, false, true));
	each("flushing", senders, "a", MAINS);
	return failed;
}

static int reload(void)
{
	each("reloading", senders, "h", MAINS);
	return failed;
}

static int rotate(void)
{
	each("rotating", NULL, "a", LOGS);
	return failed;
}

static int pause_services(void)
{
	each("pausing", both, "p", MAINS);
	return failed;
}

static int cont(void)
{
	each("continuing", both, "c", MAINS);
	return failed;
}

static int queue(void)
{
	char *argv[] = {(char[]){"qmail-qread"}, (char[]){"-c"}, NULL};

	return !run_words(argv, false, true);
}

static void status_of(bool mains, bool logs, bool own)
{
	struct service_names all = {{0}};
	struct err e = {0};

	if (scandir_services(dir.p, mains, logs, &all, &e) < 0)
		die_err(&e);
	for (size_t i = 0; i < all.list.n; i++) {
		struct buf path = BUF_INIT, text = BUF_INIT;
		struct report r;

		if ((strcmp(all.list.p[i], ".svscan/log") == 0) != own)
			continue;
		buf_fmt(&path, "%s/%s", dir.p, all.list.p[i]);
		report_read(path.p, &r);
		report_text(&r, path.p, clock_now(), &text);
		failed |= r.trouble.class != ERR_NONE;
		put(&text);
		buf_free(&path);
	}
	scandir_free(&all);
}

static int status(void)
{
	status_of(false, true, true);
	status_of(true, false, false);
	status_of(false, true, false);
	return failed;
}

/* ---- access rules ---- */

static bool compile(const char *rules, const char *cdb)
{
	struct buf tmp = BUF_INIT;
	char *argv[] = {(char[]){"tcprules"}, (char *)(size_t)cdb, NULL, NULL};
	struct err e = {0};
	int fd = file_open(rules, O_RDONLY, 0);
	struct pw owner;
	gid_t gid;

	buf_fmt(&tmp, "%s.tmp", cdb);
	argv[2] = tmp.p;
	pid_t pid = fd < 0 ? -1 : run_start(argv, &(struct run){.fds = (int[]){fd, 1, 2}, .nfds = 3}, &e);
	bool ok = pid > 0 && run_wait(pid) == 0 && file_chmod(cdb, 0664) == 0;

	if (ok && proc_euid() == 0 && pw_name(STR("indimail"), &owner) == 1 && pw_group(STR("indimail"), &gid) == 1)
		ok = file_chown(cdb, owner.uid, gid) == 0;
	fd_close(fd);
	buf_free(&tmp);
	return ok;
}

static bool newer(const char *a, const char *b)
{
	struct stat x, y;

	return file_stat(a, &x) == 0 && (file_stat(b, &y) < 0 || x.st_mtim.tv_sec > y.st_mtim.tv_sec ||
		(x.st_mtim.tv_sec == y.st_mtim.tv_sec && x.st_mtim.tv_nsec > y.st_mtim.tv_nsec));
}

/* Is this the name of rules for one of the services, or (with tail .cdb) of compiled ones? */
static bool is_rules(const char *name, struct str tail)
{
	static const char *const kinds[] = {"smtp", "qmtp", "qmqp", "imap", "pop3", "poppass", NULL};
	struct str s = str_z(name);
	size_t dot = str_chr(s, '.');

	if (!str_starts(s, STR("tcp")) || dot == s.n || !str_ends(s, tail))
		return false;
	struct str kind = str_from(str_to(s, s.n - tail.n), dot + 1);

	for (const char *const *k = kinds; *k; k++)
		if (str_eq(kind, str_z(*k)))
			return true;
	return false;
}

static void rules_file(const char *tcp, const char *name)
{
	struct buf rules = BUF_INIT, cdb = BUF_INIT;

	if (is_rules(name, STR(".cdb"))) {
		buf_fmt(&cdb, "%s/%s", tcp, name);
		buf_set(&rules, str_to(buf_str(&cdb), cdb.n - 4));
		if (!file_exists(rules.p))
			result("removing", cdb.p, file_unlink(cdb.p) == 0);
	} else if (is_rules(name, STR(""))) {
		buf_fmt(&rules, "%s/%s", tcp, name);
		buf_fmt(&cdb, "%s.cdb", rules.p);
		if (newer(rules.p, cdb.p))
			result("building", cdb.p, compile(rules.p, cdb.p));
	}
	buf_free(&rules);
	buf_free(&cdb);
}

static int cdb(void)
{
	const char *etc = conf_env(CONF_SYSCONFDIR), *name;
	struct buf tcp = BUF_INIT;
	struct dir d;

	buf_fmt(&tcp, "%s/tcp", etc ? etc : conf_rows[CONF_SYSCONFDIR].dflt);
	if (dir_open(&d, tcp.p) < 0)
		die(1, "unable to open %s: %s", tcp.p, log_errno(errno));
	while (dir_next(&d, &name) > 0)
		rules_file(tcp.p, name);
	dir_close(&d);
	buf_free(&tcp);
	return failed;
}

/* ---- what to do ---- */

static int help(void);
static const struct action {
	const char *name;
	int (*run)(void);
	bool boots;	/* done by systemd where that is in charge */
	const char *help;
} actions[] = {
	{"start", start, true, "start svscan, or the services that are down when it runs"},
	{"stop", stop, true, "stop the services, then svscan"},
	{"restart", restart, true, "stop and start"},
	{"force-reload", restart, true, "stop and start"},
	{"condrestart", try_restart, false, "when svscan runs: restart the mail services"},
	{"try-restart", try_restart, false, "the same"},
	{"shut", shut, false, "stop svscan and what it runs"},
	{"kill", kill_all, false, "kill the services and end their supervises"},
	{"flush", flush, false, "try all queued messages now"},
	{"reload", reload, false, "read control files again"},
	{"status", status, false, "show all services and loggers"},
	{"stat", status, false, "the same"},
	{"rotate", rotate, false, "begin new log files"},
	{"queue", queue, false, "count the queued messages"},
	{"pause", pause_services, false, "stop the mail services for a while"},
	{"cont", cont, false, "let them go on"},
	{"cdb", cdb, false, "compile access rules that have changed"},
	{"help", help, false, "this list"},
};

static int help(void)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		buf_fmt(&b, "%-14s %s\n", actions[i].name, actions[i].help);
	fd_write_all(1, b.p, b.n);
	buf_free(&b);
	return 0;
}

static const struct action *find(const char *name)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

static int qmailctl_main(int argc, char **argv)
{
	static const char enabled[] = "/etc/systemd/system/multi-user.target.wants/svscan.service";
	const struct action *a = argc == 2 ? find(argv[1]) : NULL;
	struct err e = {0};

	if (!a)
		die_usage();
	if (scandir_choose(servicedir, &dir, &e) < 0)
		die_err(&e);
	if (a->run != help && !file_exists(dir.p))
		die(111, "unable to find %s: %s", dir.p, log_errno(ENOENT));
	if (a->run != help && proc_euid() != 0 && !file_access(dir.p, W_OK)) {
		log_line("qmailctl: this needs root, or the owner of %s", dir.p);
		return NOT_ALLOWED;
	}
	if (a->boots && have_systemd() && !file_exists(enabled)) {
		result("svscan is disabled", "", false);
		return 1;
	}
	int code = a->run();

	buf_free(&dir);
	return code;
}

APPLET(qmailctl) = {
	.name = "qmailctl", .family = "svc",
	.brief = "start, stop, signal and show the services of a mail system",
	.args = "action", .opts = opts, .role = AS_CALLER, .main = qmailctl_main,
};
