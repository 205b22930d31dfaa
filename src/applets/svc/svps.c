/* svps - svscan, its services and their loggers in tables; signals to svscan, a halt of all services and
 * back.  Run by administrators: root, or whoever the services belong to. */
#include <errno.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/json.h"
#include "core/conf/conf.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/sig.h"
#include "svc/overview.h"
#include "svc/proctree.h"
#include "svc/scandir.h"
#include "svc/standstill.h"

enum which { MAIN = 1, LOGS = 2, ALL = 3 };

static int which = MAIN, signal_to_send, no_pager, days, halt, tree, json;
static const char *servicedir;

static const struct opt opts[] = {
	FLAGV('m', "main", &which, MAIN, "the services (default)"),
	FLAGV('l', "logs", &which, LOGS, "their loggers"),
	FLAGV('a', "all", &which, ALL, "both"),
	FLAGV('h', "hup", &signal_to_send, SIGHUP, "send HUP to svscan"),
	FLAGV('t', "term", &signal_to_send, SIGTERM, "send TERM to svscan"),
	FLAG('n', "no-pager", &no_pager, "do not page"),
	FLAG('d', "days", &days, "times as days, hours, minutes and seconds"),
	FLAGV('s', "stop", &halt, 's', "stop all services that run, and remember them"),
	FLAGV('r', "resume", &halt, 'r', "start those again"),
	FLAG('T', "tree", &tree, "the processes below svscan"),
	TEXT(0, "servicedir", &servicedir, "DIR", "the directory of services"),
	FLAG(0, "json", &json, "an object instead of tables"),
	OPTS_END
};

static struct buf dir = BUF_INIT, out = BUF_INIT;
static struct overview services;

static void not_root(void) __attribute__((noreturn));
static void not_root(void)
{
	log_line("You are not root");
	proc_exit(1);
}

static void read_services(void)
{
	struct err e = {0};

	if (overview_read(dir.p, which & MAIN, which & LOGS, &services, &e) < 0) {
		if (e.num == EACCES && proc_euid() != 0)
			not_root();
		die_err(&e);
	}
	for (size_t i = 0; i < services.rows.n && proc_euid() != 0; i++)
		if (services.rows.p[i].report.trouble.num == EACCES)
			not_root();
}

/* 1 it runs, 0 it does not. */
static int find_svscan(pid_t *pid, time_t *since)
{
	struct err e = {0};
	int r = scandir_svscan(dir.p, pid, since, &e);

	if (r < 0)
		die_err(&e);
	return r;
}

static int send_signal(void)
{
	time_t since;
	pid_t pid;

	if (!find_svscan(&pid, &since))
		die(1, "svscan is not running");
	log_line("Sending %s to svscan with PID %ld", signal_to_send == SIGHUP ? "HUP" : "TERM", (long)pid);
	if (proc_kill(pid, signal_to_send) == 0)
		return 0;
	if (errno == EPERM && proc_euid() != 0)
		not_root();
	die(111, "unable to signal svscan: %s", log_errno(errno));
}

static int stop_or_resume(void)
{
	int code = 0;

	which = MAIN;
	read_services();
	for (size_t i = 0; i < services.rows.n; i++) {
		const struct overview_row *row = &services.rows.p[i];
		struct err e = {0};
		int r = halt == 's' ? standstill_stop(dir.p, row->name, &row->report, &e) :
			standstill_resume(dir.p, row->name, &e);

		if (r > 0)
			log_line("%s %s", halt == 's' ? "Stopped" : "Started", row->path);
		if (r < 0) {
			log_warn("%s: %s", row->path, log_err(&e));
			code = 111;
		}
	}
	return code;
}

static void heading(const char *text)
{
	buf_adds(&out, text);
}

static void tables(const struct overview_look *look)
{
	time_t since;
	pid_t pid;

	heading("------------ svscan ---------------\n");
	if (find_svscan(&pid, &since))
		overview_svscan(&services, dir.p, pid, since, look, &out);
	else
		log_line("%s: svscan not running", dir.p);
	if (which & MAIN) {
		heading("\n------------ main -----------------\n");
		overview_text(&services, false, look, &out);
	}
	if (which & LOGS) {
		heading("\n------------ logs -----------------\n");
		overview_text(&services, true, look, &out);
	}
}

static void show_tree(void)
{
	struct err e = {0};
	time_t since;
	pid_t pid;

	if (!find_svscan(&pid, &since))
		die(1, "svscan is not running");
	if (proctree_text(pid, &out, &e) < 0)
		die_err(&e);
}

static void show_json(time_t now)
{
	time_t since;
	pid_t pid;

	buf_addc(&out, '{');
	json_pair(&out, "servicedir", buf_str(&dir));
	if (find_svscan(&pid, &since)) {
		json_key(&out, "svscan");
		buf_addc(&out, '{');
		json_number(&out, "pid", pid);
		json_number(&out, "since", since);
		json_number(&out, "seconds", now > since ? now - since : 0);
		buf_addc(&out, '}');
	}
	if (which & MAIN) {
		json_key(&out, "main");
		overview_json(&services, false, now, &out);
	}
	if (which & LOGS) {
		json_key(&out, "logs");
		overview_json(&services, true, now, &out);
	}
	buf_adds(&out, "}\n");
}

/* Services in trouble are told of on fd 2; the exit code is the last one's. */
static int troubles(void)
{
	int code = 0;

	for (size_t i = 0; i < services.rows.n; i++) {
		const struct overview_row *row = &services.rows.p[i];
		struct buf text = BUF_INIT;

		if (!row->report.trouble.class)
			continue;
		report_text(&row->report, row->path, 0, &text);
		if (!json)
			log_line("%.*s", STR_FMT(str_rtrim(buf_str(&text))));
		buf_free(&text);
		code = row->report.code;
	}
	return code;
}

/* Show what there is in words[0], fed through a pipe; false when it cannot be run. */
static bool page(char **words)
{
	struct err e = {0};
	int p[2];

	if (fd_pipe(p) < 0)
		return false;
	pid_t pid = run_start(words, &(struct run){.fds = (int[]){p[0], 1, 2}, .nfds = 3}, &e);

	fd_close(p[0]);
	if (pid > 0)
		fd_write_all(p[1], out.p, out.n);	/* a pager may be left before the end */
	fd_close(p[1]);
	return pid > 0 && run_wait(pid) != 120;
}

static bool page_with(const char *command)
{
	enum { WORDS_MAX = 15 };
	struct str rest = str_z(command), w;
	char *words[WORDS_MAX + 1] = {0};
	struct buf copies[WORDS_MAX];
	int n = 0;

	while (n < WORDS_MAX && (w = str_word(&rest)).n) {
		buf_init(&copies[n]);
		buf_set(&copies[n], w);
		words[n] = copies[n].p;
		n++;
	}
	bool shown = n && page(words);

	while (n)
		buf_free(&copies[--n]);
	return shown;
}

/* PAGER, less, more: on a terminal, unless there is nothing to page with. */
static bool paged(void)
{
	const char *pager = conf_env(CONF_PAGER);

	if (no_pager || json || !fd_terminal(1))
		return false;
	sig_ignore(SIGPIPE);
	if (!conf_getenv("LESS"))
		env_put("LESS", "FRX");
	/* a pager that cannot be run is no reason for a message */
	if (!pager)
		pager = run_known("less") ? "less" : run_known("more") ? "more" : "";
	return page_with(pager);
}

static int svps_main(int argc, char **argv)
{
	struct err e = {0};

	(void)argv;
	if (argc > 1)
		die_usage();
	if (scandir_choose(servicedir, &dir, &e) < 0)
		die_err(&e);
	if (signal_to_send)
		return send_signal();
	if (halt)
		return stop_or_resume();
	struct overview_look look = {.days = days, .now = clock_now(),
		.colour = fd_terminal(1) && !conf_on(CONF_NO_COLOR)};

	if (!tree)
		read_services();
	if (tree)
		show_tree();
	else if (json)
		show_json(look.now);
	else
		tables(&look);
	if (!paged() && fd_write_all(1, out.p, out.n) < 0)
		die(111, "unable to write output: %s", log_errno(errno));
	int code = troubles();

	overview_free(&services);
	buf_free(&out);
	buf_free(&dir);
	return code;
}

APPLET(svps) = {
	.name = "svps", .family = "svc",
	.brief = "show svscan and its services in tables",
	.args = "", .opts = opts, .role = AS_CALLER, .main = svps_main,
};
