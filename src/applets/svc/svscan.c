/* svscan - start a supervise for every service of a directory, and for every logger, joined by a pipe that outlives
 * both.  Run by svscanboot, by "up", or as process 1 of a container: then it also reaps every orphan, starts what dies,
 * and ends its services in order and within a bounded time. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/app/tree.h"
#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/conf/envdir.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/idle.h"
#include "core/sys/proc.h"
#include "core/sys/rand.h"
#include "core/sys/sig.h"
#include "svc/await.h"
#include "svc/scandir.h"
#include "svc/script.h"
#include "svc/slots.h"
#include "svc/state.h"

enum {
	RESTART_MS = 1000,
	LOGGER_MS = 1000,	/* what loggers have at least to read to the end, and to obey */
	LAST_MS = 1000,		/* what is left then gets so long between TERM and KILL */
	WAIT1 = 2, WAIT2 = 4,
	HEAR_MS = 5, HEAR_TRIES = 40,	/* patience with a supervise that is told something */
};

static int verbose, silent;

static void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static struct slots all = {.max = 1000, .warn = warn};

static const struct opt opts[] = {
	FLAG('v', NULL, &verbose, "say what happens"),
	FLAG('s', NULL, &silent, "no warnings"),
	NUM('n', NULL, &all.max, "COUNT", "how many services there may be (default 1000)"),
	OPTS_END
};

static bool ending_ours;	/* process 1 or TERMINATE_SESSION: services end with us */
static long interval = 60;

static void info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void info(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_line("svscan: info: %s", text);
}

static void warn(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (silent)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_warn("%s", text);
}

/* ---- starting supervises ---- */

static void apply_svars(const char *dir)
{
	struct err e = {0};

	if (file_exists(dir) && envdir_apply(dir, true, &e) < 0)
		die_err(&e);
}

/* In the child: supervise, of the service in the current directory or of its logger. */
static void become_keeper(const struct slot *s, bool log, pid_t parent) __attribute__((noreturn));
static void become_keeper(const struct slot *s, bool log, pid_t parent)
{
	struct buf svars = BUF_INIT;
	char *argv[] = {(char[]){"supervise"}, log ? (char[]){"log"} : s->name, log ? s->name : NULL, NULL};

	sig_reset();
	if (s->logged && (log ? fd_copy(0, s->pipe[0]) : fd_copy(1, s->pipe[1])) < 0)
		die(111, "unable to place descriptors for %s: %s", s->name, log_errno(errno));
	if (ending_ours) {
		proc_new_session();	/* what the terminal signals, it signals to us */
		proc_die_with_parent(parent);
	}
	if (log && file_chdir(s->name) < 0)
		die(111, "unable to switch to %s: %s", s->name, log_errno(errno));
	env_put(log ? "SV_PWD" : "MAIN_SV", s->name);
	buf_fmt(&svars, "%s/.svars", argv[1]);
	apply_svars(svars.p);
	run_fresh(argv);
}

static void start_keeper(struct slot *s, bool log)
{
	struct keeper *k = log ? &s->log : &s->main;
	pid_t parent = proc_pid(), pid = proc_fork();

	if (pid == 0)
		become_keeper(s, log, parent);
	k->due = clock_mono_ms() + RESTART_MS;
	if (pid < 0) {
		warn("unable to fork for %s%s, trying again in %ld seconds: %s", s->name, log ? "/log" : "", interval,
			log_errno(errno));
		k->due = clock_mono_ms() + interval * 1000;
		return;
	}
	k->pid = pid;
	k->wanted = false;
	info("Starting service %s%s", s->name, log ? "/log" : "");
}

static void start_due(void)
{
	long long now = clock_mono_ms();

	/* by index: starting never adds slots */
	for (size_t i = 0; i < all.list.n; i++) {
		struct slot *s = &all.list.p[i];

		if (s->logged && s->log.wanted && s->log.due <= now)
			start_keeper(s, true);
		if (s->main.wanted && s->main.due <= now)
			start_keeper(s, false);
	}
}

/* ---- children ---- */

static void keeper_ended(struct slot *s, struct keeper *k, int status)
{
	bool log = k == &s->log;
	long long now = clock_mono_ms();

	k->pid = 0;
	if (proc_crashed(status))
		warn("supervise of %s%s was killed by signal %d", s->name, log ? "/log" : "", proc_signal(status));
	/* told to end it has ended; killed or unable to start it is needed still */
	if (ending_ours || conf_set(CONF_SCANNOW) || proc_crashed(status)) {
		k->wanted = true;
	} else if (proc_code(status)) {
		k->wanted = true;
		k->due = now + interval * 1000;
	}
}

static void describe_orphan(pid_t pid)
{
	struct buf fn = BUF_INIT, name = BUF_INIT;
	int status;

	buf_fmt(&fn, "/proc/%ld/comm", (long)pid);
	if (file_slurp(fn.p, &name, 256) < 0)
		buf_set(&name, STR("?"));
	buf_set(&name, str_rtrim(buf_str(&name)));
	if (proc_wait(pid, &status, true) == pid) {
		if (proc_crashed(status))
			info("pid: %ld cmd %s, killed by signal %d", (long)pid, name.p, proc_signal(status));
		else
			info("pid: %ld exe %s, exited with status=%d", (long)pid, name.p, proc_code(status));
		info("completed last rites for orphan %ld", (long)pid);
	}
	buf_free(&fn);
	buf_free(&name);
}

static void reap(void)
{
	struct slot *s;
	int status;
	pid_t pid;

	while ((pid = proc_peek()) > 0) {
		struct keeper *k = slots_keeper(&all, pid, &s);

		if (!k)
			describe_orphan(pid);
		else if (proc_wait(pid, &status, true) == pid)
			keeper_ended(s, k, status);
	}
}

/* ---- the end ---- */

/* TERM to every service nobody waits for any more, or to all of them. */
static void end_services(bool everybody)
{
	for (size_t i = 0; i < all.list.n; i++) {
		struct slot *s = &all.list.p[i];

		if (!s->main.pid || s->told || (!everybody && slots_needed(&all, s)))
			continue;
		proc_kill(s->main.pid, SIGTERM);
		s->told = true;
	}
}

static const int waited[] = {SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGUSR1, SIGUSR2, SIGCHLD};
enum { WAITED = sizeof waited / sizeof *waited };

/* Wait for a change, at most until end; false when it is over. */
static bool linger(long long end)
{
	static const int child = SIGCHLD;
	long long left = end - clock_mono_ms();

	if (left <= 0)
		return false;
	sig_wait(&child, 1, (long)left);
	reap();
	return true;
}

/* Is any of these loggers still to be started again when it ends? */
static bool lasting(bool own)
{
	for (size_t i = 0; i < all.list.n; i++)
		if (all.list.p[i].log.pid && slot_is_own(&all.list.p[i]) == own && !slot_is_last_run(&all.list.p[i]))
			return true;
	return false;
}

/* Loggers see the end of their input when nobody can write to it any more, and have read everything then: this must be
 * their last run. */
static void close_loggers(bool own)
{
	for (size_t i = 0; i < all.list.n; i++)
		if (all.list.p[i].log.pid && slot_is_own(&all.list.p[i]) == own)
			slot_tell(&all.list.p[i], true, STR("ox"));
	for (int i = 0; i < HEAR_TRIES && lasting(own); i++)
		clock_nap_ms(HEAR_MS);
	for (size_t i = 0; i < all.list.n; i++)
		if (slot_is_own(&all.list.p[i]) == own) {
			fd_close(all.list.p[i].pipe[1]);
			all.list.p[i].pipe[1] = -1;
		}
}

/* They end by themselves, and are told to when they do not. */
static void finish_loggers(bool own, long long end)
{
	close_loggers(own);
	if (end < clock_mono_ms() + LOGGER_MS)
		end = clock_mono_ms() + LOGGER_MS;
	while (slots_logging(&all, own) && linger(end))
		;
	for (size_t i = 0; i < all.list.n; i++)
		if (all.list.p[i].log.pid && slot_is_own(&all.list.p[i]) == own)
			proc_kill(all.list.p[i].log.pid, SIGTERM);
	for (end = clock_mono_ms() + LOGGER_MS; slots_logging(&all, own) && linger(end); )
		;
}

static void stages(long *first, long *last)
{
	long wait = 0;

	*first = WAIT1;
	*last = WAIT2;
	if (conf_int(CONF_KILLWAIT, &wait, NULL) > 0 && wait > 0) {
		*last = wait;
		*first = wait / 2;
	}
	if (conf_int(CONF_KILLWAIT2, &wait, NULL) > 0 && wait > 0) {
		*last = wait;
		*first = wait / 2;
	}
	if (conf_int(CONF_KILLWAIT1, &wait, NULL) > 0 && wait > 0)
		*first = wait;
}

/* Services, those others wait for last; then loggers; what takes too long is killed.  0, or 111 for the latter. */
static int end_all(void)
{
	long first, last;
	long long now = clock_mono_ms();

	ending_ours = false;	/* nobody is started again */
	stages(&first, &last);
	for (end_services(false); slots_running(&all) && linger(now + first * 1000); )
		end_services(false);
	end_services(true);
	while (slots_running(&all) && linger(now + last * 1000))
		;
	finish_loggers(false, now + last * 1000);
	return slots_running(&all) || slots_logging(&all, false) ? 111 : 0;
}

/* Run a script of svscan's own and wait for it, so many seconds at most: 0 not at all, -1 for ever. */
static void run_command(const char *file, long seconds)
{
	long long end = clock_mono_ms() + seconds * 1000;
	char *argv[] = {(char *)(size_t)file, NULL};
	int status;
	pid_t pid;

	if (!script_runnable(file))
		return;
	pid = proc_fork();
	if (pid == 0) {
		sig_reset();
		fd_close_marked();
		script_become(file, argv);
		die(111, "unable to run %s: %s", file, log_errno(errno));
	}
	if (pid < 0)
		warn("unable to fork for %s: %s", file, log_errno(errno));
	else if (seconds < 0)
		run_wait(pid);
	while (pid > 0 && seconds > 0 && clock_mono_ms() < end && proc_wait(pid, &status, true) == 0)
		clock_nap_ms(HEAR_MS);
}

static int stop(void)
{
	int code = 0;
	bool everything = ending_ours;
	long first, last;

	log_line("svscan: info: pid: %ld: shutdown in progress...", (long)proc_pid());
	scandir_leave();
	stages(&first, &last);
	run_command("./.svscan/shutdown", everything ? last : -1);
	if (everything)
		code = end_all();
	log_line("svscan: info: pid: %ld: exiting...", (long)proc_pid());
	/* our own words have been said: let our logger write them */
	if (slots_logging(&all, true)) {
		fd_null(1);
		fd_null(2);
		finish_loggers(true, 0);
	}
	if (everything)
		tree_end_all(LAST_MS);
	return code;
}

/* ---- the beginning ---- */

static void start_own_logger(void)
{
	struct stat st;
	struct slot *s;

	if (!conf_set(CONF_SCANLOG) || file_stat(".svscan", &st) < 0 || !file_exists(".svscan/log"))
		return;
	s = slots_add(&all, ".svscan", &st);
	if (!s)
		return;
	start_keeper(s, true);
	if (fd_copy(1, s->pipe[1]) < 0 || fd_copy(2, s->pipe[1]) < 0)
		die(111, "unable to place descriptors: %s", log_errno(errno));
}

/* Which run of svscan this is: supervises tell it to their successors. */
static void set_id(void)
{
	unsigned char bytes[8];
	struct buf id = BUF_INIT;

	rand_bytes(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		buf_fmt(&id, "%02x", bytes[i]);
	env_put("SVSCAN_ID", id.p);
	buf_free(&id);
}

static void set_environment(void)
{
	struct buf pid = BUF_INIT;

	if (file_cwd(&all.dir) < 0)
		die(111, "unable to get the current directory: %s", log_errno(errno));
	buf_fmt(&pid, "%ld", (long)proc_pid());
	env_put("PPID", pid.p);
	env_put("SCANDIR", all.dir.p);
	env_put("PWD", all.dir.p);
	set_id();
	if (verbose)
		env_put("VERBOSE", "1");
	if (silent)
		env_put("SILENT", "1");
	verbose = verbose || conf_set(CONF_VERBOSE);
	silent = silent || conf_set(CONF_SILENT);
	buf_free(&pid);
}

static void initial_command(void)
{
	const char *command = conf_env(CONF_INITCMD);

	if (command)
		run_command(*command ? command : "./.svscan/run", conf_set(CONF_WAIT_INITCMD) ? -1 : 0);
}

static void begin(void)
{
	struct err e = {0};

	/* from the first moment: process 1 would not even notice them otherwise */
	for (int i = 0; i < WAITED; i++)
		sig_block(waited[i]);
	sig_block(SIGRTMIN + 3);
	ending_ours = proc_pid() == 1 || conf_set(CONF_TERMINATE_SESSION);
	set_environment();
	if (conf_int(CONF_SCANINTERVAL, &interval, &e) < 0 || interval < 1)
		interval = 60;
	if (scandir_claim(&e) < 0)
		die(111, "%s", log_err(&e));
	if (conf_set(CONF_SETSID))
		proc_new_session();
	if (ending_ours)
		proc_adopt_orphans(true);
	start_own_logger();
	info("Starting svscan");
	initial_command();
}

/* Milliseconds until something is due. */
static long patience(long long next_scan)
{
	long long now = clock_mono_ms(), next = next_scan ? next_scan : now + 3600000;

	for (size_t i = 0; i < all.list.n; i++) {
		const struct slot *s = &all.list.p[i];

		if (s->main.wanted && s->main.due < next)
			next = s->main.due;
		if (s->log.wanted && s->log.due < next)
			next = s->log.due;
	}
	return next > now ? (long)(next - now) : 0;
}

static void pass_alarm(void)
{
	for (size_t i = 0; i < all.list.n; i++) {
		slot_tell(&all.list.p[i], false, STR("a"));
		if (all.list.p[i].logged)
			slot_tell(&all.list.p[i], true, STR("a"));
	}
}

static bool is_end(int sig)
{
	return sig == SIGTERM || sig == SIGINT || (ending_ours && sig == SIGRTMIN + 3);
}

static int watch(void)
{
	int sigs[WAITED + 1], sig = SIGHUP;
	long long next_scan = 0;

	memcpy(sigs, waited, sizeof waited);
	sigs[WAITED] = SIGRTMIN + 3;
	while (!is_end(sig)) {
		if (sig == SIGHUP || (next_scan && clock_mono_ms() >= next_scan)) {
			slots_scan(&all);
			next_scan = conf_set(CONF_AUTOSCAN) ? clock_mono_ms() + interval * 1000 : 0;
		}
		if (sig == SIGUSR1)
			verbose = !verbose;
		if (sig == SIGUSR2)
			silent = !silent;
		if (sig == SIGALRM && ending_ours)
			pass_alarm();
		start_due();
		sig = idle_sig_wait(sigs, WAITED + 1, patience(next_scan));
		reap();
	}
	return stop();
}

static int svscan_main(int argc, char **argv)
{
	if (argc > 2)
		die_usage();
	if (all.max < 1 || all.max > 100000)
		die(100, "-n takes 1 to 100000");
	if (argc > 1 && file_chdir(argv[1]) < 0)
		die(111, "unable to chdir to %s: %s", argv[1], log_errno(errno));
	begin();
	proc_title("svscan", all.dir.p);
	return watch();
}

APPLET(svscan) = {
	.name = "svscan", .family = "svc",
	.brief = "start and watch the services of a directory",
	.args = "[scandir]", .opts = opts, .role = AS_CALLER, .main = svscan_main,
};
