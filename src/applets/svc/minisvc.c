/* minisvc - administer services without a mail system: svscan's own configuration, services out of use and
 * back, variables, boot integration, accounts.  Run by root, or by whoever may write to the directory of
 * services.  Exit 0, 1 when something failed, 4 not allowed.  Files are replaced whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/conf/envdir.h"
#include "core/mail/date.h"
#include "core/sys/clock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"
#include "svc/accounts.h"
#include "svc/boot.h"
#include "svc/certfile.h"
#include "svc/refresh.h"
#include "svc/report.h"
#include "svc/retire.h"
#include "svc/runfile.h"
#include "svc/scandir.h"
#include "svc/servicefile.h"
#include "svc/skeleton.h"
#include "svc/variables.h"
#include "config.h"

enum { FAILED = 1, NOT_ALLOWED = 4, ENABLE_MS = 5000, TEXT_MAX = 1 << 20 };

static const char *rmsvc, *ensvc, *refreshsvc, *norefreshsvc, *config;
static const char *set_variable, *modify_variable, *unset_variable, *remove_variable;
static const char *import_from, *export_to, *print_name;
static int svscanlog, save_all, restore_all, restore_one, print_all, dumpconfig, version;

static const char *servicedir, *service_name, *value, *destdir = "", *logdir = "/var/log/svc";
static const char *initcmd, *scanint = "300";
static const char *owner = "root", *group = "0", *mode = "0640", *envdir;
static const char *common_name, *certdir, *postmaster;
static long validity_days = 3650;
static int unshare, down, nooverwrite, run_file_only, resolvconf, force, silent, nolog;

static const struct opt opts[] = {
	FLAG(0, "svscanlog", &svscanlog, "make .svscan: svscan's variables, scripts and logger"),
	TEXT(0, "rmsvc", &rmsvc, "PATHS", "take services out of use"),
	TEXT(0, "ensvc", &ensvc, "PATHS", "take them into use again"),
	TEXT(0, "refreshsvc", &refreshsvc, "PATHS|all", "make services anew with the command that made them"),
	TEXT(0, "norefreshsvc", &norefreshsvc, "0|1 PATHS", "0: never refresh these, 1: do"),
	TEXT(0, "autorefresh", &norefreshsvc, "0|1 PATHS", "the same"),
	TEXT(0, "config", &config, "WHAT", "add-boot, rm-boot, inittab, users, rmusers, cert"),
	TEXT(0, "set-variable", &set_variable, "NAME", "give a service a new variable"),
	TEXT(0, "modify-variable", &modify_variable, "NAME", "change a variable"),
	TEXT(0, "unset-variable", &unset_variable, "NAME", "have a variable removed from the environment"),
	TEXT(0, "remove-variable", &remove_variable, "NAME", "delete a variable"),
	TEXT(0, "import-variables", &import_from, "FILE", "variables from lines NAME=value"),
	TEXT(0, "export-variables", &export_to, "FILE", "variables to such a file"),
	FLAG(0, "save-variables", &save_all, "snapshots of all services' variables"),
	FLAG(0, "restore-all-variables", &restore_all, "go back to the snapshots"),
	FLAG(0, "restore-variables", &restore_one, "one service goes back to its snapshot"),
	TEXT(0, "print-variables", &print_name, "[NAME]", "show the variables of a service or directory"),
	FLAG(0, "print-all-variables", &print_all, "those of all services"),
	FLAG(0, "dumpconfig", &dumpconfig, "show services, settings and users"),
	FLAG(0, "version", &version, "show the version"),
	TEXT(0, "servicedir", &servicedir, "DIR", "the directory of services"),
	TEXT(0, "service-name", &service_name, "NAME", "a service in it"),
	TEXT(0, "variable-value", &value, "TEXT", "the value of the variable"),
	TEXT(0, "owner", &owner, "USER", "of variable files (default root)"),
	TEXT(0, "group", &group, "GROUP", "of variable files (default 0)"),
	TEXT(0, "mode", &mode, "OCTAL", "of variable files (default 0640)"),
	TEXT(0, "envdir", &envdir, "DIR", "a directory of variables"),
	TEXT(0, "destdir", &destdir, "DIR", "put before every path that is written"),
	TEXT(0, "logdir", &logdir, "DIR", "directory of logs (default /var/log/svc)"),
	TEXT(0, "initcmd", &initcmd, "COMMAND", "what svscan runs first"),
	TEXT(0, "scanint", &scanint, "SECS", "between two scans (default 300)"),
	FLAG(0, "unshare", &unshare, "svscan has mounts of its own"),
	FLAG(0, "resolvconf", &resolvconf, "a resolv.conf of its own that asks this host"),
	FLAG(0, "down", &down, "the logger is not started by itself"),
	FLAG(0, "nooverwrite", &nooverwrite, "keep variables that exist"),
	FLAG(0, "run-file-only", &run_file_only, "write scripts only"),
	FLAG(0, "force", &force, "although it exists, or does not"),
	FLAG(0, "silent", &silent, "no progress lines"),
	FLAG(0, "nolog", &nolog, "do not note the command in services.log"),
	TEXT(0, "postmaster", &postmaster, "ADDR", "(accepted)"),
	TEXT(0, "common_name", &common_name, "HOST", "of the certificate (default: this host)"),
	NUM(0, "validity_days", &validity_days, "N", "of the certificate (default 3650)"),
	TEXT(0, "certdir", &certdir, "DIR", "directory of certificates"),
	OPTS_END
};

static struct buf base = BUF_INIT;	/* destdir and servicedir */
static struct buf plain_dir = BUF_INIT;	/* servicedir */
static struct buf command = BUF_INIT;	/* how we were called */
static struct variables_owner files;

/* ---- words and checks ---- */

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	buf_addc(&b, '\n');
	fd_write_all(1, b.p, b.n);
	buf_free(&b);
}

static void check(int r, const struct err *e)
{
	if (r < 0)
		die(FAILED, "%s", log_err(e));
}

static void show_help(void) __attribute__((noreturn));
static void show_help(void)
{
	applet_usage(applet_now, 2);
	opt_help(opts, 2);
	proc_exit(FAILED);
}

static void in_base(struct buf *b, const char *name, const char *rest)
{
	buf_clear(b);
	buf_fmt(b, "%s/%s%s", base.p, name, rest);
}

/* The owner of variable files; a single user's are his own. */
static void find_owner(void)
{
	struct pw pw;
	uint64_t n;

	files.change = proc_euid() == 0;
	if (num_scan_octal(str_z(mode), &n) != strlen(mode) || !*mode || n > 0777)
		die(FAILED, "%s: no mode", mode);
	files.mode = (mode_t)n;
	if (num_parse(str_z(owner), UINT32_MAX - 1, &n))
		files.uid = (uid_t)n;
	else if (strcmp(owner, "root") == 0)
		files.uid = 0;
	else if (pw_name(str_z(owner), &pw) == 1)
		files.uid = pw.uid;
	else
		die(FAILED, "%s: no such user", owner);
	if (num_parse(str_z(group), UINT32_MAX - 1, &n))
		files.gid = (gid_t)n;
	else if (pw_group(str_z(group), &files.gid) != 1)
		die(FAILED, "%s: no such group", group);
}

static void find_dirs(void)
{
	struct err e = {0};

	if (servicedir)
		buf_adds(&plain_dir, servicedir);
	else
		check(scandir_default(&plain_dir, &e), &e);
	while (plain_dir.n > 1 && plain_dir.p[plain_dir.n - 1] == '/')
		buf_trunc(&plain_dir, plain_dir.n - 1);
	buf_fmt(&base, "%s%s", destdir, plain_dir.p);
}

/* Root may do all of it; others what is written below a directory of theirs. */
static bool allowed(const char *where)
{
	struct str path = str_z(where);
	struct buf b = BUF_INIT;
	bool yes = proc_euid() == 0;

	/* the part of the path that exists decides */
	while (!yes && path.n) {
		buf_set(&b, path);
		if (file_exists(b.p))
			break;
		path = str_to(path, str_rchr(path, '/') == path.n ? 0 : str_rchr(path, '/'));
	}
	if (!yes && path.n)
		yes = file_access(b.p, W_OK);
	buf_free(&b);
	return yes;
}

/* A line in services.log: false when it cannot be written, which is no reason to stop. */
static bool note(void)
{
	struct buf fn = BUF_INIT, line = BUF_INIT;

	buf_fmt(&fn, "%s%s/services.log", destdir, logdir);
	int fd = nolog ? -1 : file_open(fn.p, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0640);

	date_local(&line, clock_now());
	buf_set(&line, str_rtrim(buf_str(&line)));
	buf_fmt(&line, " %s", command.p);
	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < ' ' || line.p[i] == 127)
			line.p[i] = '?';
	buf_addc(&line, '\n');
	if (fd >= 0)
		fd_write_all(fd, line.p, line.n);
	fd_close(fd);
	buf_free(&fn);
	buf_free(&line);
	return fd >= 0;
}

/* ---- svscan's own configuration ---- */

static const char *sysconfdir(void)
{
	const char *etc = conf_env(CONF_SYSCONFDIR);

	return etc ? etc : conf_rows[CONF_SYSCONFDIR].dflt;
}

static int do_svscanlog(void)
{
	struct skeleton k = {.base = base.p, .servicedir = plain_dir.p, .destdir = destdir, .logdir = logdir,
		.sysconfdir = sysconfdir(), .generator = "indimail " INDIMAIL_VERSION " minisvc",
		.command = buf_str(&command), .initcmd = initcmd, .scanint = scanint, .unshare = unshare, .down = down,
		.resolvconf = resolvconf, .nooverwrite = nooverwrite, .scripts_only = run_file_only,
		.single = proc_euid() != 0 && !*destdir, .files = files};
	struct err e = {0};
	uint64_t n;

	if (!num_parse(str_z(scanint), 1000000, &n))
		die(FAILED, "--scanint takes a number of seconds");
	check(skeleton_make(&k, &e), &e);
	return 0;
}

/* ---- services out of use and back ---- */

/* Call for every blank-separated word: 0, FAILED when one failed. */
static int each_word(const char *words, int (*one)(const char *dir, const char *name))
{
	struct buf dir = BUF_INIT, name = BUF_INIT;
	struct str rest = str_z(words), w;
	int code = 0;

	while ((w = str_word(&rest)).n)
		if (retire_split(w, &dir, &name))
			code |= one(dir.p, name.p);
	buf_free(&dir);
	buf_free(&name);
	return code ? FAILED : 0;
}

static int rm_one(const char *dir, const char *name)
{
	struct buf log = BUF_INIT;
	struct err e = {0};

	if (name[0] == '.')
		return 0;
	buf_fmt(&log, "%s/%s/log", dir, name);
	bool has_log = file_exists(log.p);

	buf_free(&log);
	if (retire_service(dir, name, &e) < 0) {
		log_line("%s", log_err(&e));
		return FAILED;
	}
	say("Removed Service %s", name);
	if (has_log)
		say("Removed Service %s/log", name);
	return 0;
}

static int do_rmsvc(void)
{
	return each_word(rmsvc, rm_one);
}

/* Show how a service is once it is up, or after all there was to wait. */
static void show_up(const char *path)
{
	long long end = clock_mono_ms() + ENABLE_MS;
	struct buf text = BUF_INIT;
	struct report r;

	while (report_read(path, &r), (r.trouble.class || !r.status.up) && clock_mono_ms() < end)
		clock_sleep_ms(50);
	report_text(&r, path, clock_now(), &text);
	fd_write_all(1, text.p, text.n);
	buf_free(&text);
}

static int en_one(const char *dir, const char *name)
{
	struct buf path = BUF_INIT;
	struct err e = {0};

	if (name[0] == '.')
		name++;
	if (retire_undo(dir, name, &e) < 0) {
		log_line("%s", log_err(&e));
		return FAILED;
	}
	say("Enabled Service %s", name);
	buf_fmt(&path, "%s/%s", dir, name);
	show_up(path.p);
	buf_adds(&path, "/log");
	if (file_exists(path.p))
		show_up(path.p);
	buf_free(&path);
	return 0;
}

static int do_ensvc(void)
{
	return each_word(ensvc, en_one);
}

/* ---- refreshing ---- */

static const char *shell_variable(const char *name)
{
	return conf_getenv(name);
}

/* Run a saved command: one of ours from this very binary, anything else by the shell. */
static bool run_saved(const struct buf *text)
{
	struct buf plain = BUF_INIT;
	struct runfile r = {.arena = {0}};
	struct err e = {0};
	char *shell[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, text->p, NULL};

	buf_fmt(&plain, "#!/bin/sh\nexec %s\n", text->p);
	bool ours = runfile_plain(&r, buf_str(&plain), shell_variable) && r.fds.n == 0 && run_applet(r.argv.p[0]);
	pid_t pid = ours ? run_start(r.argv.p, &(struct run){.file = "/proc/self/exe"}, &e) :
		run_start(shell, &(struct run){.keep_role = true}, &e);

	if (pid < 0)
		log_line("%s", log_err(&e));
	bool ok = pid > 0 && run_wait(pid) == 0;

	runfile_free(&r);
	buf_free(&plain);
	return ok;
}

static int refresh_dir(const char *name, const char *dir)
{
	struct buf text = BUF_INIT;
	struct err e = {0};
	int what = refresh_read(dir, force, &text, &e), code = 0;

	if (what < 0) {
		log_line("%s", log_err(&e));
		code = FAILED;
	} else if (what == REFRESH_MISSING) {
		say("%s .options missing", name);
		code = FAILED;
	} else if (what == REFRESH_MARKED) {
		if (!silent)
			say("Skip Refreshing service %s", name);
	} else {
		buf_adds(&text, run_file_only ? " --run-file-only" : "");
		if (!silent)
			say("Refreshing service %s command %s", name, text.p);
		code = run_saved(&text) ? 0 : FAILED;
	}
	buf_free(&text);
	return code;
}

static int refresh_one(const char *dir, const char *name)
{
	struct buf path = BUF_INIT, sub = BUF_INIT;

	buf_fmt(&path, "%s/%s", dir, name);
	buf_fmt(&sub, "%s/variables", path.p);
	int code = refresh_dir(name, file_exists(sub.p) ? sub.p : path.p);

	buf_free(&path);
	buf_free(&sub);
	return code;
}

/* Call for every service, .svscan and control/defaultqueue that has variables, with their directory. */
static int each_variables(int (*one)(const char *name, const char *dir))
{
	struct service_names names = {{0}};
	struct buf dir = BUF_INIT;
	struct err e = {0};
	int code = 0;

	check(scandir_list(base.p, false, &names, &e), &e);
	for (size_t i = 0; i <= names.list.n; i++) {
		const char *name = i < names.list.n ? names.list.p[i] : ".svscan";

		in_base(&dir, name, "/variables");
		if (file_exists(dir.p))
			code |= one(name, dir.p);
	}
	control_path(conf_rows[CONF_DEFAULTQUEUE].file, &dir);
	if (!*destdir && file_exists(dir.p))
		code |= one("defaultqueue", dir.p);
	scandir_free(&names);
	buf_free(&dir);
	return code ? FAILED : 0;
}

static int do_refreshsvc(void)
{
	return strcmp(refreshsvc, "all") == 0 ? each_variables(refresh_dir) : each_word(refreshsvc, refresh_one);
}

static bool never;

static int mark_dir(const char *name, const char *dir)
{
	struct err e = {0};

	if (refresh_mark(dir, never, &e) == 0)
		return 0;
	log_line("%s: %s", name, log_err(&e));
	return FAILED;
}

static int mark_one(const char *dir, const char *name)
{
	struct buf path = BUF_INIT;

	buf_fmt(&path, "%s/%s/variables", dir, name);
	int code = mark_dir(name, path.p);

	buf_free(&path);
	return code;
}

static int do_norefreshsvc(void)
{
	struct str rest = str_z(norefreshsvc), w = str_word(&rest);

	if (!str_eq(w, STR("0")) && !str_eq(w, STR("1")))
		show_help();
	never = w.p[0] == '0';
	if (str_eq(str_trim(rest), STR("all")))
		return each_variables(mark_dir);
	return each_word(rest.n ? rest.p : "", mark_one);
}

/* ---- variables ---- */

/* The directory of variables of --service-name. */
static void service_variables(struct buf *dir)
{
	if (!service_name || !*service_name || strchr(service_name, '/') || strcmp(service_name, "..") == 0)
		die(FAILED, "--service-name is missing, or no name");
	in_base(dir, service_name, "/variables");
	if (!file_exists(dir->p))
		die(FAILED, "%s: no such directory", dir->p);
}

static int save(const char *name, const char *dir)
{
	struct variables_owner o = files;
	struct err e = {0};
	gid_t qmail;
	struct pw pw;

	if (strcmp(name, "defaultqueue") == 0) {
		o.change = o.change && pw_name(STR("indimail"), &pw) == 1 && pw_group(STR("qmail"), &qmail) == 1;
		o.uid = o.change ? pw.uid : 0;
		o.gid = o.change ? qmail : 0;
		o.mode = 0644;
	}
	if (!silent)
		say("export %s  %s %s %s", name, owner, group, mode);
	if (variables_save(dir, &o, &e) == 0)
		return 0;
	log_line("%s", log_err(&e));
	return FAILED;
}

/* One change, then the snapshot. */
static int change_variable(const char *name, int (*change)(const char *dir, const char *name, struct err *e))
{
	struct buf dir = BUF_INIT;
	struct err e = {0};

	service_variables(&dir);
	check(change(dir.p, name, &e), &e);
	int code = save(service_name, dir.p);

	buf_free(&dir);
	return code;
}

static int put_value(const char *dir, const char *name, struct err *e)
{
	if (!silent)
		say("setting env variable %s=[%s]", name, value ? value : "");
	return variables_set(dir, name, str_z(value), &files, e);
}

static int put_new(const char *dir, const char *name, struct err *e)
{
	if (variables_exists(dir, name) && !force)
		return err_perm(e, 0, "%s exists. Use --force to overwrite", name);
	return put_value(dir, name, e);
}

static int put_old(const char *dir, const char *name, struct err *e)
{
	if (!variables_exists(dir, name) && !force)
		return err_perm(e, 0, "%s does not exist. Use --force to create it", name);
	return put_value(dir, name, e);
}

static int take_off(const char *dir, const char *name, struct err *e)
{
	if (!silent)
		say("unsetting env variable %s", name);
	return variables_unset(dir, name, &files, e);
}

static int take_away(const char *dir, const char *name, struct err *e)
{
	if (!silent)
		say("removing env variable %s", name);
	return variables_remove(dir, name, e);
}

static int do_set(void)
{
	return change_variable(set_variable, put_new);
}

static int do_modify(void)
{
	return change_variable(modify_variable, put_old);
}

static int do_unset(void)
{
	return change_variable(unset_variable, take_off);
}

static int do_remove(void)
{
	return change_variable(remove_variable, take_away);
}

static int read_import(const char *dir, const char *fn, struct err *e)
{
	return variables_read(dir, fn, force, &files, e);
}

static int do_import(void)
{
	return change_variable(import_from, read_import);
}

static int do_export(void)
{
	struct buf dir = BUF_INIT, text = BUF_INIT;
	struct err e = {0};

	service_variables(&dir);
	if (file_exists(export_to) && !force)
		die(FAILED, "%s exists. Use --force to overwrite", export_to);
	check(variables_export(dir.p, &text, &e), &e);
	check(file_replace(export_to, buf_str(&text), files.mode, &e), &e);
	buf_free(&dir);
	buf_free(&text);
	return 0;
}

static int restore(const char *name, const char *dir)
{
	struct err e = {0};

	if (variables_go_back(dir, &files, &e) == 0)
		return 0;
	log_line("%s: %s", name, log_err(&e));
	return FAILED;
}

static int do_save(void)
{
	return each_variables(save);
}

static int do_restore_all(void)
{
	return each_variables(restore);
}

static int do_restore(void)
{
	struct buf dir = BUF_INIT;

	service_variables(&dir);
	int code = restore(service_name, dir.p);

	buf_free(&dir);
	return code;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The environment, sorted. */
static void print_environment(void)
{
	VEC(const char *) vars = {0};

	for (char *const *v = env_all(); v && *v; v++)
		vec_push(&vars, *v);
	if (vars.n)
		qsort(vars.p, vars.n, sizeof *vars.p, compare);
	for (size_t i = 0; i < vars.n; i++)
		say("%s", vars.p[i]);
	vec_free(&vars);
}

static int print_dir(const char *name, const char *dir)
{
	struct env_copy *before = env_save();
	struct err e = {0};

	(void)name;
	say("------ environment variables for %s ------------", dir);
	env_clear();
	int r = envdir_apply(dir, true, &e);

	if (r == 0)
		print_environment();
	env_restore(before);
	env_copy_free(before);
	if (r < 0)
		log_line("%s", log_err(&e));
	say("%s", "");
	if (variables_exists(dir, ".envdir"))
		say("NOTE: additional variables were obtained from %s/.envdir", dir);
	if (variables_exists(dir, ".envfile"))
		say("NOTE: additional variables were obtained from %s/.envfile", dir);
	return r < 0 ? FAILED : 0;
}

static int do_print(void)
{
	struct buf dir = BUF_INIT;
	int code = FAILED;

	if (*print_name)
		service_name = print_name;
	if (envdir)
		buf_adds(&dir, envdir);
	else if (service_name && !strchr(service_name, '/'))
		in_base(&dir, service_name, "/variables");
	else
		show_help();
	if (file_exists(dir.p))
		code = print_dir("", dir.p);
	else
		log_line("NOTE: This service has no configured variables");
	buf_free(&dir);
	return code;
}

static int do_print_all(void)
{
	return each_variables(print_dir);
}

/* ---- showing everything ---- */

static void show_file(const char *fn)
{
	struct buf text = BUF_INIT;

	if (file_slurp(fn, &text, TEXT_MAX) == 0) {
		say("---- %s", fn);
		fd_write_all(1, text.p, text.n);
	}
	buf_free(&text);
}

static int do_dump(void)
{
	static const char *const parts[] = {"/run", "/log/run", "/shutdown"};
	char *showctl[] = {(char[]){"qmail-showctl"}, NULL};
	struct service_names names = {{0}};
	struct buf fn = BUF_INIT, text = BUF_INIT;
	struct err e = {0};

	check(scandir_list(base.p, false, &names, &e), &e);
	for (size_t i = 0; i <= names.list.n; i++) {
		const char *name = i < names.list.n ? names.list.p[i] : ".svscan";

		say("==== %s", name);
		for (int k = 0; k < 3; k++) {
			in_base(&fn, name, parts[k]);
			show_file(fn.p);
		}
		in_base(&fn, name, "/variables");
		buf_clear(&text);
		if (variables_export(fn.p, &text, &e) == 0) {
			say("---- %s", fn.p);
			fd_write_all(1, text.p, text.n);
		}
	}
	scandir_free(&names);
	say("==== settings");
	pid_t pid = run_start(showctl, &(struct run){.keep_role = true}, &e);

	if (pid > 0)
		run_wait(pid);
	buf_clear(&text);
	check(conf_line(CONF_ASSIGNDIR, &text, &e), &e);
	buf_adds(&text, "/assign");
	show_file(text.p);
	buf_free(&fn);
	buf_free(&text);
	return 0;
}

static int do_version(void)
{
	say("minisvc %s", INDIMAIL_VERSION);
	return 0;
}

/* ---- the machine ---- */

static void make_dir(const char *fn)
{
	if (file_mkdirs(fn, 0755) < 0)
		die(FAILED, "unable to create %s: %s", fn, log_errno(errno));
}

static bool run_tool(const char *const *words)
{
	struct err e = {0};
	pid_t pid = run_start((char *const *)(size_t)words, &(struct run){.keep_role = true}, &e);

	return pid > 0 && run_wait(pid) == 0;
}

static int add_boot(void)
{
	enum boot_kind kind = boot_detect(destdir);
	struct buf out = BUF_INIT;
	struct err e = {0};

	if (!file_exists(base.p))
		make_dir(base.p);
	if (kind == BOOT_INITTAB) {
		say("manually add following entry for svscan in %s/etc/inittab", destdir);
		say("%s", boot_inittab);
		return FAILED;
	}
	check(boot_install(destdir, kind, plain_dir.p, &out, &e), &e);
	if (!silent)
		fd_write_all(1, out.p, out.n);
	if (kind == BOOT_SYSTEMD && !*destdir && run_known("systemctl")) {
		run_tool((const char *const[]){"systemctl", "daemon-reload", NULL});
		run_tool((const char *const[]){"systemctl", "enable", "svscan.service", NULL});
	}
	buf_free(&out);
	return 0;
}

static int rm_boot(void)
{
	struct buf out = BUF_INIT;
	struct err e = {0};

	check(boot_remove(destdir, &out, &e), &e);
	if (!silent)
		fd_write_all(1, out.p, out.n);
	if (out.n && !*destdir && run_known("systemctl"))
		run_tool((const char *const[]){"systemctl", "daemon-reload", NULL});
	buf_free(&out);
	return 0;
}

static int inittab(void)
{
	struct err e = {0};

	check(boot_add_inittab(destdir, &e), &e);
	return 0;
}

static int add_with_tools(void)
{
	struct pw pw;
	gid_t gid;
	int code = 0;

	for (int i = 0; accounts_groups[i]; i++)
		if (pw_group(str_z(accounts_groups[i]), &gid) != 1 &&
			!run_tool((const char *const[]){"groupadd", "-r", accounts_groups[i], NULL}))
			code = FAILED;
	for (int i = 0; accounts[i].user; i++) {
		const struct account *a = &accounts[i];
		const char *words[] = {"useradd", "-r", "-M", "-s", "/sbin/nologin", "-g", a->group, "-d",
			a->home ? a->home : logdir, a->extra ? "-G" : a->user, a->extra, a->user, NULL};

		if (!a->extra)
			words[10] = NULL;
		if (pw_name(str_z(a->user), &pw) != 1 && !run_tool(words))
			code = FAILED;
	}
	return code;
}

static int remove_with_tools(void)
{
	struct pw pw;
	gid_t gid;
	int code = 0;

	for (int i = 0; accounts[i].user; i++)
		if (pw_name(str_z(accounts[i].user), &pw) == 1 &&
			!run_tool((const char *const[]){"userdel", accounts[i].user, NULL}))
			code = FAILED;
	for (int i = 0; accounts_groups[i]; i++)
		if (pw_group(str_z(accounts_groups[i]), &gid) == 1 &&
			!run_tool((const char *const[]){"groupdel", accounts_groups[i], NULL}))
			code = FAILED;
	return code;
}

static int users(void)
{
	struct err e = {0};

	if (!*destdir && run_known("useradd") && run_known("groupadd"))
		return add_with_tools();
	check(accounts_add(destdir, logdir, &e), &e);
	return 0;
}

static int rmusers(void)
{
	struct err e = {0};

	if (!*destdir && run_known("userdel") && run_known("groupdel"))
		return remove_with_tools();
	check(accounts_remove(destdir, &e), &e);
	return 0;
}

static int cert(void)
{
	struct buf dir = BUF_INIT, conf = BUF_INIT;
	struct err e = {0};
	char host[256];

	proc_hostname(host, sizeof host);
	check(conf_line(CONF_CERTDIR, &conf, &e), &e);
	buf_fmt(&dir, "%s%s", destdir, certdir ? certdir : conf.p);
	if (validity_days < 1 || validity_days > 36500)
		die(FAILED, "--validity_days takes 1 to 36500");
	make_dir(dir.p);
	check(certfile_make(dir.p, common_name ? common_name : host, validity_days, force, &e), &e);
	buf_free(&dir);
	buf_free(&conf);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} whats[] = {
	{"add-boot", add_boot}, {"rm-boot", rm_boot}, {"inittab", inittab},
	{"users", users}, {"rmusers", rmusers}, {"cert", cert}, {NULL, NULL}
};

/* What --config means; usage when it means nothing. */
static int (*find_config(void))(void)
{
	for (int i = 0; whats[i].name; i++)
		if (strcmp(config, whats[i].name) == 0)
			return whats[i].run;
	show_help();
}

static int do_config(void)
{
	return find_config()();
}

/* ---- what to do ---- */

enum { READS = 1, MACHINE = 2 };	/* changes nothing; changes the machine, not the services */

static const struct action {
	const int *flag;		/* one of these two */
	const char *const *text;
	int (*run)(void);
	unsigned kind;
} actions[] = {
	{&svscanlog, NULL, do_svscanlog, 0},
	{NULL, &rmsvc, do_rmsvc, 0},
	{NULL, &ensvc, do_ensvc, 0},
	{NULL, &refreshsvc, do_refreshsvc, 0},
	{NULL, &norefreshsvc, do_norefreshsvc, 0},
	{NULL, &config, do_config, MACHINE},
	{NULL, &set_variable, do_set, 0},
	{NULL, &modify_variable, do_modify, 0},
	{NULL, &unset_variable, do_unset, 0},
	{NULL, &remove_variable, do_remove, 0},
	{NULL, &import_from, do_import, 0},
	{NULL, &export_to, do_export, 0},
	{&save_all, NULL, do_save, 0},
	{&restore_all, NULL, do_restore_all, 0},
	{&restore_one, NULL, do_restore, 0},
	{NULL, &print_name, do_print, READS},
	{&print_all, NULL, do_print_all, READS},
	{&dumpconfig, NULL, do_dump, READS},
	{&version, NULL, do_version, READS},
};

/* The one action asked for. */
static const struct action *find_action(void)
{
	const struct action *found = NULL;

	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		if (!(actions[i].flag ? *actions[i].flag : *actions[i].text != NULL))
			continue;
		if (found)
			show_help();
		found = &actions[i];
	}
	return found;
}

/* Passwords may stand there. */
static void protect_settings(void)
{
	struct buf fn = BUF_INIT;
	struct stat st;

	buf_fmt(&fn, "%s%s/svctool.cnf", destdir, sysconfdir());
	if (proc_euid() == 0 && file_lstat(fn.p, &st) == 0 && S_ISREG(st.st_mode) &&
		((st.st_mode & 07777) != 0400 || st.st_uid != 0)) {
		say("fixing permissions of svctool.cnf");
		if (file_chown(fn.p, 0, 0) < 0 || file_chmod(fn.p, 0400) < 0)
			die(FAILED, "unable to chmod %s: %s", fn.p, log_errno(errno));
	}
	buf_free(&fn);
}

static int minisvc_main(int argc, char **argv)
{
	static char no_name[] = "--print-variables=";

	servicefile_words(&command, (const char *const *)(size_t)argv);
	/* the value of this one option may be missing */
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--print-variables") == 0)
			argv[i] = no_name;
	if (opt_parse(opts, argc, argv) != argc - 1)
		show_help();
	const struct action *a = find_action();

	if (!a)
		show_help();
	if (config)
		find_config();
	find_dirs();
	find_owner();
	if (!(a->kind & READS) && !allowed(!(a->kind & MACHINE) ? base.p : *destdir ? destdir : "/")) {
		log_line("minisvc: this needs root, or the owner of %s", a->kind & MACHINE ? "the machine" : base.p);
		return NOT_ALLOWED;
	}
	protect_settings();
	bool noted = a->kind & READS || note();
	int code = a->run();

	if (!noted)
		note();		/* the first action may have made the directory of logs */
	buf_free(&base);
	buf_free(&plain_dir);
	buf_free(&command);
	return code;
}

APPLET(minisvc) = {
	.name = "minisvc", .family = "svc",
	.brief = "administer services and their variables",
	.args = "--ACTION [--OPTION=VALUE ...]", .opts = opts, .role = AS_CALLER, .flags = APPLET_RAW,
	.main = minisvc_main,
};
