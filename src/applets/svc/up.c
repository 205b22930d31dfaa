/* up - a whole mail system below one directory, in the foreground, in one process tree.
 * Creates what is missing, never changes what is there, and becomes the svscan of its services: reaps orphans,
 * ends on TERM or INT, leaves nobody behind.  Started by root on a machine without qmail's accounts (a
 * container of one file) it gives up root for the owner of the directory or uid 65532. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/app/applet.h"
#include "core/app/log.h"
#include "core/app/role.h"
#include "core/app/run.h"
#include "core/app/self.h"
#include "core/app/tree.h"
#include "core/conf/conf.h"
#include "core/net/sock.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"
#include "queue/instance.h"
#include "svc/mailservices.h"
#include "config.h"

enum { NOBODY_IN_PARTICULAR = 65532, BACKLOG = 128 };
#define STOP_SECONDS "6"

static const char *root, *domain, *smtp, *smtps, *mailboxes, *log_where = "stderr";
static bool log_to_files;
static long queues = LONG_MIN, dynamic;
static int prepare_only;
#ifdef PROFILE_SMALL
static int small = 1;	/* nothing else is in the binary */
#else
static int small;
#endif

static const struct opt opts[] = {
	TEXT('r', "root", &root, "DIR", "directory of the instance, created when missing (default: INDIMAIL_ROOT)"),
	TEXT('d', "domain", &domain, "NAME", "mail domain of a new instance (default: the host name)"),
	TEXT('m', "mailboxes", &mailboxes, "NAMES", "local users to have a Maildir, blank separated"),
	TEXT('s', "smtp", &smtp, "[ADDR:]PORT", "where SMTP listens (default 25 for root, else 127.0.0.1:2525)"),
	TEXT('S', "smtps", &smtps, "[ADDR:]PORT", "where SMTP within TLS listens (default 465, 127.0.0.1:2465; none with --smtp)"),
	NUM('q', "queues", &queues, "N", "number of queues (default 5, with --dynamic 1)"),
	NUM('D', "dynamic", &dynamic, "MAX", "at least --queues, under load up to MAX queues"),
	TEXT('l', "log", &log_where, "WHERE", "files (rotated, below DIR/log), stdout or stderr (default)"),
	FLAG(0, "small", &small, "one queue in one process (qmta-send), SMTP on loopback: little memory"),
	FLAG(0, "prepare", &prepare_only, "create what is missing and stop"),
	OPTS_END
};

static struct buf root_path = BUF_INIT, me = BUF_INIT, delivery = BUF_INIT, user_name = BUF_INIT;
static struct instance inst;
static int listeners[2] = {-1, -1};	/* SMTP, SMTPS */

static void make_absolute(void)
{
	if (root[0] == '/') {
		buf_set(&root_path, str_z(root));
	} else {
		if (file_cwd(&root_path) < 0)
			die(111, "unable to get the current directory: %s", log_errno(errno));
		buf_fmt(&root_path, "/%s", str_eq(str_z(root), STR(".")) ? "" : root);
	}
	while (root_path.n > 1 && root_path.p[root_path.n - 1] == '/')
		buf_trunc(&root_path, root_path.n - 1);
	/* paths stand in users/assign, whose fields end at colons */
	if (str_chr(buf_str(&root_path), ':') < root_path.n || str_chr(buf_str(&root_path), '\n') < root_path.n)
		die(100, "%s: the directory's name must not contain colons", root_path.p);
}

/* ADDR:PORT, [ADDR]:PORT or PORT. */
static int open_listener(const char *text)
{
	struct sock_end at = {.port = 0};
	struct str s = str_z(text);
	size_t colon = str_rchr(s, ':');

	if (colon < s.n && !ip_scan(str_to(s, colon), &at.ip))
		die(100, "%s: no address", text);
	if (!sock_port(colon < s.n ? str_from(s, colon + 1) : s, &at.port))
		die(100, "%s: no port", text);
	int fd = sock_listen(&at, BACKLOG, colon < s.n && ip_is4(&at.ip));

	if (fd < 0)
		die(111, "unable to listen on %s: %s", text, log_errno(errno));
	return fd;
}

static void open_listeners(void)
{
	fd_close(MAILSERVICES_SMTPS);
	listeners[0] = open_listener(smtp);
	if (smtps)
		listeners[1] = open_listener(smtps);
}

/* Every directory above must let uid pass, or nothing below would work. */
static void check_path(uid_t uid)
{
	struct buf b = BUF_INIT;
	struct stat st;

	for (size_t i = 1; uid != 0 && i < root_path.n; i++) {
		if (root_path.p[i] != '/')
			continue;
		buf_set(&b, str_to(buf_str(&root_path), i));
		if (file_stat(b.p, &st) == 0 && !(st.st_mode & 0001) && st.st_uid != uid)
			die(111, "uid %lu may not pass %s on the way to %s: choose another directory",
				(unsigned long)uid, b.p, root_path.p);
	}
	buf_free(&b);
}

/* Root without qmail's accounts: become one ordinary user, who owns the whole instance. */
static void drop_root(void)
{
	struct stat st;
	struct err e = {0};
	uid_t uid = NOBODY_IN_PARTICULAR;
	gid_t gid = NOBODY_IN_PARTICULAR;
	bool there = file_stat(root_path.p, &st) == 0;

	if (there && st.st_uid != 0) {
		uid = st.st_uid;
		gid = st.st_gid;
	}
	check_path(uid);
	if (file_mkdirs(root_path.p, 0755) < 0)
		die(111, "unable to create %s: %s", root_path.p, log_errno(errno));
	if ((!there || st.st_uid == 0) && file_chown(root_path.p, uid, gid) < 0)
		die(111, "unable to chown %s: %s", root_path.p, log_errno(errno));
	if (proc_become(uid, gid, &gid, 1, &e) < 0)
		die_err(&e);
}

/* Who owns the queue and the mailboxes? */
static void set_owners(void)
{
	struct err e = {0};
	struct pw pw;

	if (role_ids(AS_QUEUE, &inst.owners.queue, &inst.owners.group, &e) < 0 ||
		role_ids(AS_SEND, &inst.owners.send, &inst.owners.group, &e) < 0 ||
		role_ids(AS_REMOTE, &inst.owners.remote, &inst.owners.group, &e) < 0 ||
		role_ids(AS_ALIAS, &inst.user, &inst.user_gid, &e) < 0)
		die_err(&e);
	inst.owners.change = !role_single();
	if (inst.owners.change && pw_group(STR("qcerts"), &inst.key_group) != 1 &&
			role_ids(AS_DAEMON, &inst.key_owner, &inst.key_group, &e) < 0)
		die_err(&e);
	if (pw_uid(inst.user, &pw) == 1)
		buf_adds(&user_name, pw.name);
	else
		buf_fmt(&user_name, "uid%lu", (unsigned long)inst.user);
	inst.user_name = user_name.p;
	check_path(inst.user);
}

static bool have_accounts(void)
{
	uid_t uid;
	gid_t gid;

	return role_ids(AS_QUEUE, &uid, &gid, NULL) == 0;
}

/* users/assign newer than users/cdb: compile it. */
static void compile_users(void)
{
	struct buf dir = BUF_INIT, fn = BUF_INIT;
	struct stat text, cdb;
	struct err e = {0};
	char *argv[] = {(char[]){"qmail-newu"}, NULL, NULL};

	conf_line(CONF_ASSIGNDIR, &dir, &e);
	argv[1] = dir.p;
	buf_fmt(&fn, "%s/assign", dir.p);
	bool have = file_stat(fn.p, &text) == 0;

	buf_clear(&fn);
	buf_fmt(&fn, "%s/cdb", dir.p);
	if (have && (file_stat(fn.p, &cdb) < 0 || cdb.st_mtime < text.st_mtime)) {
		pid_t pid = run_start(argv, &(struct run){.keep_role = true}, &e);

		if (pid < 0)
			die_err(&e);
		if (run_wait(pid) != 0)
			die(111, "unable to compile %s/assign", dir.p);
	}
	buf_free(&dir);
	buf_free(&fn);
}

/* In a child: what making keys and queues takes in memory must not stay with us for ever. */
static int create_it(void *arg)
{
	struct err e = {0};

	(void)arg;
	if (instance_create(&inst, &e) < 0)
		die_err(&e);
	return 0;
}

static void create(void)
{
	int code = run_as_wait(AS_CALLER, create_it, NULL);

	if (code)
		proc_exit(code > 0 ? code : 111);
}

/* Whoever looks along PATH, a shell or a chain, finds this very binary, however old the one that is installed.  The links
 * are led here by every start: the instance may have been moved, or belong to another binary from now on. */
static void lead_path(void)
{
	struct buf bin = BUF_INIT, file = BUF_INIT, path = BUF_INIT;
	const char *now = conf_env(CONF_PATH);

	buf_fmt(&bin, "%s/bin", root_path.p);
	if (run_own_file(&file) < 0)
		goto out;	/* without /proc, as in a root of one file: there is no other binary either */
	if (self_links(bin.p, file.p) < 0)
		die(111, "unable to make the links in %s", bin.p);
	buf_fmt(&path, "%s:%s", bin.p, now ? now : "/bin:/usr/bin");
	if (!now || !str_starts(str_z(now), buf_str(&bin)) || (now[bin.n] && now[bin.n] != ':'))
		env_put("PATH", path.p);
out:
	buf_free(&bin);
	buf_free(&file);
	buf_free(&path);
}

static void make_services(void)
{
	struct err e = {0};
	struct mailservices m = {
		.root = root_path.p, .small = small, .smtps = smtps, .dynamic = dynamic, .log_to_files = log_to_files,
		.single = role_single(),
	};

	if (log_to_files && !m.single && role_ids(AS_LOG, &m.log_user, &m.log_group, &e) < 0)
		die_err(&e);
	if (mailservices_make(&m, &e) < 0)
		die_err(&e);
	if (mailservices_logged(&m))
		env_put("SCANLOG", "");
}

static void prepare(void)
{
	struct err e = {0};
	char host[256];

	if (!domain) {
		proc_hostname(host, sizeof host);
		inst.domain = host[0] ? host : "localhost";
	} else {
		inst.domain = domain;
	}
	inst.root = root_path.p;
	inst.mailboxes = str_z(mailboxes);
	inst.queues = queues;
	set_owners();
	file_umask(022);
	create();
	lead_path();
	compile_users();
	if (conf_line(CONF_ME, &me, &e) < 0)
		die_err(&e);
	if (conf_raw(CONF_DEFAULTDELIVERY, &delivery, &e) <= 0)
		buf_set(&delivery, STR("./Maildir/"));
	buf_set(&delivery, str_rtrim(buf_str(&delivery)));
	make_services();
}

/* stdout, stderr or files. */
static void choose_log(void)
{
	log_to_files = strcmp(log_where, "files") == 0;
	if (!log_to_files && strcmp(log_where, "stdout") != 0 && strcmp(log_where, "stderr") != 0)
		die(100, "--log takes files, stdout or stderr");
	if (strcmp(log_where, "stdout") == 0 && fd_copy(2, 1) < 0)
		die(111, "unable to use standard output: %s", log_errno(errno));
	if (strcmp(log_where, "stderr") == 0 && fd_copy(1, 2) < 0)
		die(111, "unable to use standard error: %s", log_errno(errno));
}

/* The rest is svscan's: services end with it, in order and within STOP_SECONDS; their state lies beside them. */
static void become_svscan(void) __attribute__((noreturn));
static void become_svscan(void)
{
	struct buf dir = BUF_INIT;
	char *argv[] = {(char[]){"svscan"}, NULL, NULL};

	/* they were opened in this order, so neither is in the other's place */
	for (int i = 0; i < 2; i++)
		if (listeners[i] >= 0 && fd_move(MAILSERVICES_SMTP + i, listeners[i]) < 0)
			die(111, "unable to use descriptor %d: %s", MAILSERVICES_SMTP + i, log_errno(errno));
	buf_fmt(&dir, "%s/service", root_path.p);
	argv[1] = dir.p;
	env_put("TERMINATE_SESSION", "1");
	env_put("DISABLE_RUN", "1");
	if (!conf_env(CONF_KILLWAIT))
		env_put("KILLWAIT", STOP_SECONDS);
	env_put("LOCALNAME", me.p);
	env_put("DEFAULTDELIVERY", delivery.p);
	run_become(argv);
}

static int up_main(int argc, char **argv)
{
	char count[24];

	(void)argv;
	if (!root)
		root = conf_env(CONF_INDIMAIL_ROOT);
	if (argc > 1 || !root || !*root)
		die_usage();
	if (queues == LONG_MIN)
		queues = dynamic ? 1 : 5;
	if (queues < 1 || queues > 100)
		die(100, "--queues takes 1 to 100");
	if (dynamic && small)
		die(100, "--small has one queue: it does not go with --dynamic");
	if (dynamic && (dynamic < queues || dynamic > 100))
		die(100, "--dynamic takes the number of queues to 100");
	choose_log();
	if (!prepare_only)
		tree_block_signals();	/* they wait for svscan: process 1 would not even notice them otherwise */
	make_absolute();
	if (!smtp) {
		smtp = role_single() ? "127.0.0.1:2525" : small ? "127.0.0.1:25" : "25";
		if (!smtps && !small)
			smtps = role_single() ? "127.0.0.1:2465" : "465";
	}
	if (!prepare_only)
		open_listeners();
	if (!role_single() && !have_accounts())
		drop_root();
	inst.root = root_path.p;
	inst.small = small;
	instance_environment(&inst);
	if (!conf_env(CONF_QUEUE_COUNT)) {
		snprintf(count, sizeof count, "%ld", queues);
		env_put("QUEUE_COUNT", count);
	}
	if (dynamic) {
		snprintf(count, sizeof count, "%ld", dynamic);
		env_put("QUEUE_MAX", count);
		env_put("DYNAMIC_QUEUE", "1");
	}
	prepare();
	if (prepare_only)
		return 0;
	log_line("up: %s: domain %s, SMTP on %s%s%s, %ld queue%s", root_path.p, me.p, smtp, smtps ? ", SMTPS on " : "",
		smtps ? smtps : "", small ? 1 : queues, small ? ", small" : "s");
	become_svscan();
}

APPLET(up) = {
	.name = "up", .family = "svc",
	.brief = "create and run a whole mail system below one directory",
	.args = "", .opts = opts, .role = AS_CALLER, .main = up_main,
};
