/* docker-entrypoint - the first process of a container image: put right what the image or its host could
 * not keep, then become svscan, or whatever the container was started for. */
#include <errno.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/run.h"
#include "core/conf/conf.h"
#include "core/conf/control.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "queue/layout.h"
#include "svc/scandir.h"

static int repair_shell;
static const char *domain, *timezone_name;

static const struct opt opts[] = {
	FLAG('r', "repair", &repair_shell, "start a shell and nothing else"),
	TEXT('d', "domain", &domain, "DOMAIN", "the default domain (the host name without its first label)"),
	TEXT('t', "timezone", &timezone_name, "ZONE", "the time zone, such as Europe/Berlin"),
	OPTS_END
};

/* Run a helper to its end; trouble is told and no reason to keep the container from starting. */
static void help_with(char *const argv[])
{
	struct err e = {0};
	pid_t pid = run_start(argv, &(struct run){.keep_role = true}, &e);
	int code = pid < 0 ? -1 : run_wait(pid);

	if (pid < 0)
		log_warn("%s", log_err(&e));
	else if (code != 0)
		log_warn("%s failed", argv[0]);
}

/* Image formats lose FIFOs: a queue whose trigger is no FIFO is repaired. */
static int mend_queue(const char *dir, void *arg)
{
	struct str name = str_z(layout_qname(dir));
	struct buf fn = BUF_INIT, copy = BUF_INIT, option = BUF_INIT;
	struct stat st;

	(void)arg;
	buf_fmt(&fn, "%s/lock/trigger", dir);
	if (file_lstat(fn.p, &st) < 0 || !S_ISFIFO(st.st_mode)) {
		buf_adds(&copy, dir);
		buf_adds(&option, str_eq(name, STR("nqueue")) ? "-v" : str_eq(name, STR("slowq")) ? "-rv" :
			str_eq(name, STR("qmta")) ? "-mv" : "--");
		help_with((char *[]){(char []){"queue-fix"}, option.p, copy.p, NULL});
	}
	buf_free(&fn);
	buf_free(&copy);
	buf_free(&option);
	return 0;
}

static void mend_queues(void)
{
	struct err e = {0};

	if (queue_walk(mend_queue, NULL, &e) < 0)
		log_warn("%s", log_err(&e));
}

/* -d, else the host name; a name of three labels or more loses the first.  A name without a dot is no
 * domain. */
static void find_domain(struct buf *b)
{
	const char *name = conf_env(CONF_HOSTNAME);
	char host[256];

	proc_hostname(host, sizeof host);
	struct str s = str_z(domain ? domain : name && *name ? name : host);
	size_t dot = str_chr(s, '.');

	if (!domain && dot < s.n && str_chr(str_from(s, dot + 1), '.') < s.n - dot - 1)
		s = str_from(s, dot + 1);
	if (domain || dot < s.n)
		buf_add(b, s);
}

/* Let svctool write the control files anew when they are for another domain. */
static void set_domain(void)
{
	struct buf wanted = BUF_INIT, there = BUF_INIT, option = BUF_INIT;
	struct err e = {0};

	find_domain(&wanted);
	if (control_line("defaultdomain", &there, &e) < 0)
		log_warn("%s", log_err(&e));
	buf_fmt(&option, "--default-domain=%s", wanted.p);
	if (wanted.n && !str_ieq(buf_str(&wanted), buf_str(&there))) {
		if (run_known("svctool"))
			help_with((char *[]){(char []){"svctool"}, option.p,
				(char []){"--config=recontrol"}, NULL});
		else if (domain)
			log_warn("there is no svctool to make %s the default domain", domain);
	}
	buf_free(&wanted);
	buf_free(&there);
	buf_free(&option);
}

/* A link under a name that may be taken; never without one. */
static int replace_link(const char *text, const char *fn)
{
	struct buf tmp = BUF_INIT;

	buf_fmt(&tmp, "%s.%ld.tmp", fn, (long)proc_pid());
	int r = file_symlink(text, tmp.p);

	if (r == 0 && (r = file_rename(tmp.p, fn)) < 0) {
		int num = errno;

		file_unlink(tmp.p);
		errno = num;
	}
	buf_free(&tmp);
	return r;
}

static void set_timezone(struct str zone)
{
	struct buf fn = BUF_INIT, line = BUF_INIT;
	struct err e = {0};
	struct stat st;

	buf_fmt(&fn, "/usr/share/zoneinfo/%.*s", STR_FMT(zone));
	if (!zone.n || zone.p[0] == '/' || str_find(zone, STR("..")) < zone.n ||
		str_chr(zone, '\n') < zone.n || file_stat(fn.p, &st) < 0 || !S_ISREG(st.st_mode))
		die(1, "unknown time zone %.*s", STR_FMT(zone));
	buf_fmt(&line, "%.*s\n", STR_FMT(zone));
	if (replace_link(fn.p, "/etc/localtime") < 0)
		log_warn("unable to link /etc/localtime: %s", log_errno(errno));
	else if (file_replace("/etc/timezone", buf_str(&line), 0644, &e) < 0)
		log_warn("%s", log_err(&e));
	buf_free(&fn);
	buf_free(&line);
}

static void link_mtab(void)
{
	const char *mounts = file_exists("/proc/self/mounts") ? "/proc/self/mounts" : "/proc/mounts";

	if (file_exists("/etc/mtab"))
		return;
	log_line("Warning  linking /etc/mtab to %s", mounts);
	if (file_symlink(mounts, "/etc/mtab") < 0)
		log_warn("unable to link /etc/mtab: %s", log_errno(errno));
}

/* The web server: services that shall not be down, or Apache's own starter. */
static void start_web(const char *services)
{
	static const char *const names[] = {"php-fpm", "httpd"};
	struct buf fn = BUF_INIT;
	bool any = false;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s", services, names[i]);
		any = any || file_exists(fn.p);
		buf_adds(&fn, "/down");
		if (file_unlink(fn.p) < 0 && errno != ENOENT)
			log_warn("unable to remove %s: %s", fn.p, log_errno(errno));
	}
	buf_free(&fn);
	if (!any && run_known("apachectl"))
		help_with((char *[]){(char []){"apachectl"}, (char []){"start"}, NULL});
}

static void become(const char *what, char *const argv[]) __attribute__((noreturn));

static void become(const char *what, char *const argv[])
{
	struct buf line = BUF_INIT;

	for (int i = 0; argv[i]; i++)
		buf_fmt(&line, " %s", argv[i]);
	log_line("docker-entrypoint: %s%s", what, line.p);
	buf_free(&line);
	run_chain(argv);
}

static void become_svscan(struct str word) __attribute__((noreturn));

static void become_svscan(struct str word)
{
	struct buf services = BUF_INIT, vars = BUF_INIT, what = BUF_INIT;
	struct err e = {0};

	if (scandir_choose(NULL, &services, &e) < 0)
		die_err(&e);
	link_mtab();
	if (str_eq(word, STR("webmail")))
		start_web(services.p);
	buf_fmt(&vars, "%s/.svscan/variables", services.p);
	buf_fmt(&what, "[%.*s]", STR_FMT(word));
	char *argv[] = {(char []){"envdir"}, vars.p, (char []){"svscan"}, services.p, NULL};

	become(what.p, file_exists(vars.p) ? argv : argv + 2);
}

static int entry_main(int argc, char **argv)
{
	static const char *const names[] = {"svscan", "indimail", "indimail-mta", "webmail"};
	struct str word = argc > 1 ? str_z(argv[1]) : STR("svscan");

	if (repair_shell)
		become("executing", run_known("bash") ? (char *[]){(char []){"bash"}, NULL} :
			(char *[]){(char []){"/bin/sh"}, NULL});
	if (timezone_name)
		set_timezone(str_z(timezone_name));
	mend_queues();
	set_domain();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (argc <= 2 && str_eq(word, str_z(names[i])))
			become_svscan(word);
	become("executing", argv + 1);
}

APPLET(docker_entrypoint) = {
	.name = "docker-entrypoint", .family = "svc",
	.brief = "the first process of a container image",
	.args = "[indimail|indimail-mta|svscan|webmail | program [argument ...]]", .opts = opts,
	.role = AS_CALLER, .main = entry_main,
};
