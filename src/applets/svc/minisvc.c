/* minisvc - administer services without a mail system: svscan's own configuration, services out of use and
 * back, variables, boot integration, accounts, certificates.  Run by root, or by whoever may write to the
 * directory of services.  Exit 0, 1 when something failed, 4 not allowed.  Files are replaced whole. */
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"
#include "core/sys/proc.h"
#include "svc/admin.h"
#include "svc/certfile.h"
#include "svc/display.h"
#include "svc/inuse.h"
#include "svc/machine.h"
#include "svc/runfile.h"
#include "svc/servicefile.h"
#include "svc/setting.h"
#include "svc/skeleton.h"
#include "svc/toolconf.h"
#include "config.h"

enum { FAILED = 1, NOT_ALLOWED = 4 };

static const char *rmsvc, *ensvc, *refreshsvc, *norefreshsvc, *config;
static const char *set_variable, *modify_variable, *unset_variable, *remove_variable;
static const char *import_from, *export_to, *print_name;
static int svscanlog, save_all, restore_all, restore_one, print_all, dumpconfig, version;

static struct admin admin = {.destdir = "", .logdir = "/var/log/svc", .scanint = "300",
	.owner = "root", .group = "0", .mode = "0640", .validity_days = 3650};

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
	TEXT(0, "servicedir", &admin.servicedir, "DIR", "the directory of services"),
	TEXT(0, "service-name", &admin.service_name, "NAME", "a service in it"),
	TEXT(0, "variable-value", &admin.value, "TEXT", "the value of the variable"),
	TEXT(0, "owner", &admin.owner, "USER", "of variable files (default root)"),
	TEXT(0, "group", &admin.group, "GROUP", "of variable files (default 0)"),
	TEXT(0, "mode", &admin.mode, "OCTAL", "of variable files (default 0640)"),
	TEXT(0, "envdir", &admin.envdir, "DIR", "a directory of variables"),
	TEXT(0, "destdir", &admin.destdir, "DIR", "put before every path that is written"),
	TEXT(0, "logdir", &admin.logdir, "DIR", "directory of logs (default /var/log/svc)"),
	TEXT(0, "initcmd", &admin.initcmd, "COMMAND", "what svscan runs first"),
	TEXT(0, "scanint", &admin.scanint, "SECS", "between two scans (default 300)"),
	FLAG(0, "unshare", &admin.unshare, "svscan has mounts of its own"),
	FLAG(0, "resolvconf", &admin.resolvconf, "a resolv.conf of its own that asks this host"),
	FLAG(0, "down", &admin.down, "the logger is not started by itself"),
	FLAG(0, "nooverwrite", &admin.nooverwrite, "keep variables that exist"),
	FLAG(0, "run-file-only", &admin.scripts_only, "write scripts only"),
	FLAG(0, "force", &admin.force, "although it exists, or does not"),
	FLAG(0, "silent", &admin.silent, "no progress lines"),
	FLAG(0, "nolog", &admin.nolog, "do not note the command in services.log"),
	TEXT(0, "postmaster", &admin.postmaster, "ADDR", "address in the certificate"),
	TEXT(0, "common_name", &admin.common_name, "HOST", "of the certificate (default: this host)"),
	NUM(0, "validity_days", &admin.validity_days, "N", "of the certificate (default 3650)"),
	TEXT(0, "certdir", &admin.certdir, "DIR", "directory of certificates"),
	TEXT(0, "certfile", &admin.certfile, "FILE", "of the certificate (default servercert.pem)"),
	TEXT(0, "capath", &admin.capath, "DIR", "the certificate is trusted there as well"),
	FLAG(0, "update-certs", &admin.update_certs, "variables of services lead to the certificate"),
	OPTS_END
};

static void show_help(void) __attribute__((noreturn));
static void show_help(void)
{
	applet_usage(applet_now, 2);
	opt_help(opts, 2);
	proc_exit(FAILED);
}

/* ---- what actions need of a program ---- */

static void say(struct str text)
{
	fd_write_all(1, text.p, text.n);
}

static void trouble(const struct err *e)
{
	log_line("%s", log_err(e));
}

static bool finish(pid_t pid, const struct err *e)
{
	if (pid < 0)
		trouble(e);
	return pid > 0 && run_wait(pid) == 0;
}

static bool run(const char *const *words)
{
	struct err e = {0};
	pid_t pid = run_start((char *const *)(size_t)words, &(struct run){.keep_role = true}, &e);

	return finish(pid, &e);
}

/* A command line: one of ours from this very binary, anything else by the shell. */
static bool run_line(struct str line)
{
	struct buf plain = BUF_INIT, text = BUF_INIT;
	struct runfile r = {.arena = {0}};
	struct err e = {0};
	pid_t pid;

	buf_add(&text, line);
	buf_fmt(&plain, "#!/bin/sh\nexec %s\n", text.p);
	if (runfile_plain(&r, buf_str(&plain), conf_getenv) && r.fds.n == 0 && run_applet(r.argv.p[0]))
		pid = run_start(r.argv.p, &(struct run){.file = "/proc/self/exe"}, &e);
	else
		pid = run_start((char *[]){(char[]){"/bin/sh"}, (char[]){"-c"}, text.p, NULL},
			&(struct run){.keep_role = true}, &e);
	runfile_free(&r);
	buf_free(&plain);
	buf_free(&text);
	return finish(pid, &e);
}

/* ---- actions ---- */

static int do_svscanlog(struct admin *a, const char *arg, struct err *e)
{
	struct skeleton k = {.base = a->base.p, .servicedir = a->plain.p, .destdir = a->destdir,
		.logdir = a->logdir, .sysconfdir = admin_sysconfdir(), .generator = "indimail " INDIMAIL_VERSION " minisvc",
		.command = a->command, .initcmd = a->initcmd, .scanint = a->scanint, .unshare = a->unshare,
		.down = a->down, .resolvconf = a->resolvconf, .nooverwrite = a->nooverwrite,
		.scripts_only = a->scripts_only, .single = proc_euid() != 0 && !*a->destdir, .files = a->files};
	uint64_t n;

	(void)arg;
	if (!num_parse(str_z(a->scanint), 1000000, &n))
		return err_usage(e, "--scanint takes a number of seconds");
	return skeleton_make(&k, e);
}

static int do_version(struct admin *a, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	admin_say(a, "minisvc %s", INDIMAIL_VERSION);
	return 0;
}

static const struct {
	const char *name;
	admin_action *run;
} whats[] = {
	{"add-boot", machine_add_boot}, {"rm-boot", machine_rm_boot}, {"inittab", machine_inittab},
	{"users", machine_users}, {"rmusers", machine_rmusers}, {"cert", certfile_config}, {NULL, NULL}
};

/* What --config means; usage when it means nothing. */
static admin_action *find_config(const char *what)
{
	for (int i = 0; whats[i].name; i++)
		if (strcmp(what, whats[i].name) == 0)
			return whats[i].run;
	show_help();
}

static int do_config(struct admin *a, const char *arg, struct err *e)
{
	return find_config(arg)(a, arg, e);
}

enum { READS = 1, MACHINE = 2 };	/* changes nothing; changes the machine, not the services */

static const struct action {
	const int *flag;		/* one of these two */
	const char *const *text;
	admin_action *run;
	unsigned kind;
} actions[] = {
	{&svscanlog, NULL, do_svscanlog, 0},
	{NULL, &rmsvc, inuse_remove, 0},
	{NULL, &ensvc, inuse_enable, 0},
	{NULL, &refreshsvc, inuse_refresh, 0},
	{NULL, &norefreshsvc, inuse_mark, 0},
	{NULL, &config, do_config, MACHINE},
	{NULL, &set_variable, setting_set, 0},
	{NULL, &modify_variable, setting_modify, 0},
	{NULL, &unset_variable, setting_unset, 0},
	{NULL, &remove_variable, setting_remove, 0},
	{NULL, &import_from, setting_import, 0},
	{NULL, &export_to, setting_export, 0},
	{&save_all, NULL, setting_save_all, 0},
	{&restore_all, NULL, setting_restore_all, 0},
	{&restore_one, NULL, setting_restore, 0},
	{NULL, &print_name, display_variables, READS},
	{&print_all, NULL, display_all_variables, READS},
	{&dumpconfig, NULL, display_everything, READS},
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
	if (!found)
		show_help();
	if (config)
		find_config(config);
	return found;
}

/* ---- what to do ---- */

static int perform(struct admin *a, const struct action *what)
{
	struct err e = {0};

	if (toolconf_protect(a, &e) < 0)
		die(FAILED, "%s", log_err(&e));
	bool noted = what->kind & READS || admin_note(a);
	int r = what->run(a, what->text ? *what->text : "", &e);

	if (!noted)
		admin_note(a);		/* the first action may have made the directory of logs */
	if (r < 0 && e.class != ERR_NONE)
		die(FAILED, "%s", log_err(&e));
	return r < 0 ? FAILED : 0;
}

static void parse(int argc, char **argv)
{
	static char no_name[] = "--print-variables=";

	/* the value of this one option may be missing */
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--print-variables") == 0)
			argv[i] = no_name;
	if (opt_parse(opts, argc, argv) != argc - 1)
		show_help();
}

static int minisvc_main(int argc, char **argv)
{
	struct buf command = BUF_INIT;
	struct err e = {0};

	servicefile_words(&command, (const char *const *)(size_t)argv);
	parse(argc, argv);
	const struct action *what = find_action();
	bool machine = what->kind & MACHINE;

	admin.command = buf_str(&command);
	admin.say = say;
	admin.trouble = trouble;
	admin.known = run_known;
	admin.run = run;
	admin.run_line = run_line;
	if (admin_start(&admin, &e) < 0)
		die(FAILED, "%s", log_err(&e));
	const char *where = !machine ? admin.base.p : *admin.destdir ? admin.destdir : "/";

	if (!(what->kind & READS) && !admin_allowed(where)) {
		log_line("minisvc: this needs root, or the owner of %s", machine ? "the machine" : admin.base.p);
		return NOT_ALLOWED;
	}
	int code = perform(&admin, what);

	admin_free(&admin);
	buf_free(&command);
	return code;
}

APPLET(minisvc) = {
	.name = "minisvc", .family = "svc",
	.brief = "administer services and their variables",
	.args = "--ACTION [--OPTION=VALUE ...]", .opts = opts, .role = AS_CALLER, .flags = APPLET_RAW,
	.main = minisvc_main,
};
