/* boot - having svscan started with the machine; see boot.h. */
#include "svc/boot.h"

#include <errno.h>
#include <string.h>

#include "core/sys/file.h"

const char boot_inittab[] = "SV:345:respawn:/usr/libexec/indimail/svscanboot <>/dev/console 2<>/dev/console";

static const char *const unit_dirs[] = {"/lib/systemd/system", "/usr/lib/systemd/system"};
static const char wants[] = "/etc/systemd/system/multi-user.target.wants/svscan.service";
static const char *const unit_aliases[] = {"/etc/systemd/system/indimail.service",
	"/etc/systemd/system/indimail-mta.service"};
static const char openrc[] = "/etc/init.d/svscan", openrc_link[] = "/etc/runlevels/default/svscan";
static const char upstart[] = "/etc/init/svscan.conf", event[] = "/etc/event.d/svscan";
static const char rc[] = "/usr/local/etc/rc.d/svscan", rc_conf[] = "/etc/rc.conf.d/svscan";
static const char launchd[] = "/Library/LaunchDaemons/org.indimail.svscan.plist";
static const char synthetic[] = "/etc/synthetic.conf";
static const char inittab[] = "/etc/inittab";

static bool have(const char *root, const char *path)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s%s", root, path);
	bool yes = file_exists(fn.p);

	buf_free(&fn);
	return yes;
}

static const char *unit_dir(const char *root)
{
	return have(root, unit_dirs[0]) ? unit_dirs[0] : unit_dirs[1];
}

enum boot_kind boot_detect(const char *root)
{
	static const struct {
		const char *path;
		enum boot_kind kind;
	} signs[] = {
		{"/lib/systemd/system", BOOT_SYSTEMD}, {"/usr/lib/systemd/system", BOOT_SYSTEMD},
		{"/etc/init", BOOT_UPSTART}, {"/etc/event.d", BOOT_EVENT}, {"/etc/rc.subr", BOOT_RC},
		{"/Library/LaunchDaemons", BOOT_LAUNCHD}, {"/etc/runlevels", BOOT_OPENRC}, {inittab, BOOT_INITTAB},
	};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (have(root, signs[i].path))
			return signs[i].kind;
	return BOOT_NONE;
}

/* Write a file unless it has this text already. */
static int put(const char *root, const char *path, struct str text, mode_t mode, struct buf *out,
	struct err *e)
{
	struct buf fn = BUF_INIT, old = BUF_INIT, dir = BUF_INIT;
	int r = 0;

	buf_fmt(&fn, "%s%s", root, path);
	buf_set(&dir, str_to(buf_str(&fn), str_rchr(buf_str(&fn), '/')));
	file_mkdirs(dir.p, 0755);
	if (file_slurp(fn.p, &old, 1 << 16) < 0 || !str_eq(buf_str(&old), text)) {
		r = file_replace(fn.p, text, mode, e);
		buf_fmt(out, "%s\n", fn.p);
	}
	buf_free(&fn);
	buf_free(&old);
	buf_free(&dir);
	return r;
}

static int put_link(const char *root, const char *path, const char *target, struct buf *out, struct err *e)
{
	struct buf fn = BUF_INIT, dir = BUF_INIT;
	int r = 0;

	buf_fmt(&fn, "%s%s", root, path);
	buf_set(&dir, str_to(buf_str(&fn), str_rchr(buf_str(&fn), '/')));
	if (!file_exists(fn.p)) {
		if (file_mkdirs(dir.p, 0755) < 0 || file_symlink(target, fn.p) < 0)
			r = err_temp(e, errno, "unable to create %s", fn.p);
		else
			buf_fmt(out, "%s\n", fn.p);
	}
	buf_free(&fn);
	buf_free(&dir);
	return r;
}

/* ---- one line in a file of others ---- */

/* Read fn without our line: whether it was there. */
static bool without_line(const char *fn, struct str ours, struct buf *text, struct err *e, int *r)
{
	struct buf old = BUF_INIT;
	bool found = false;

	if (file_slurp(fn, &old, 1 << 20) < 0)
		*r = errno == ENOENT || errno == ENOTDIR ? 0 : err_temp(e, errno, "unable to read %s", fn);
	for (struct str rest = buf_str(&old); rest.p && rest.n; ) {
		struct str line = str_cut(&rest, '\n');

		if (str_eq(line, ours))
			found = true;
		else
			buf_fmt(text, "%.*s\n", STR_FMT(line));
	}
	buf_free(&old);
	return found;
}

static int change_line(const char *root, const char *path, struct str line, bool add, struct buf *out,
	struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	int r = 0;

	buf_fmt(&fn, "%s%s", root, path);
	bool found = without_line(fn.p, line, &text, e, &r);

	if (r == 0 && found != add) {
		if (add)
			buf_fmt(&text, "%.*s\n", STR_FMT(line));
		r = file_replace(fn.p, buf_str(&text), 0644, e);
		if (out)
			buf_fmt(out, "%s\n", fn.p);
	}
	buf_free(&fn);
	buf_free(&text);
	return r;
}

/* ---- the kinds ---- */

/* systemd reads % and \ in a command line, and quotes around a word. */
static void unit_word(struct buf *b, const char *z)
{
	buf_addc(b, '"');
	for (; *z; z++) {
		if (*z == '%' || *z == '$')
			buf_addc(b, *z);
		else if (*z == '"' || *z == '\\')
			buf_addc(b, '\\');
		if ((unsigned char)*z >= ' ')
			buf_addc(b, *z);
	}
	buf_addc(b, '"');
}

static int install_systemd(const char *root, const char *scandir, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT, fn = BUF_INIT;

	buf_adds(&text,
		"[Unit]\nDescription=Service scanner of indimail\nDocumentation=man:svscan(8) man:svscanboot(8)\n"
		"After=local-fs.target network.target\n\n"
		"[Service]\nType=simple\nExecStart=/usr/libexec/indimail/svscanboot ");
	unit_word(&text, scandir);
	buf_adds(&text, "\nExecStop=/usr/bin/qmailctl stop\nRestart=on-failure\nRestartSec=10\nPrivateTmp=no\n\n"
		"[Install]\nAlias=indimail.service indimail-mta.service\nWantedBy=multi-user.target\n");
	buf_fmt(&fn, "%s/svscan.service", unit_dir(root));
	int r = put(root, fn.p, buf_str(&text), 0644, out, e);

	if (r == 0)
		r = put_link(root, wants, fn.p, out, e);
	for (int i = 0; r == 0 && i < 2; i++)
		r = put_link(root, unit_aliases[i], fn.p, out, e);
	buf_free(&text);
	buf_free(&fn);
	return r;
}

/* A word for the shell: what could be more is left out of these scripts altogether. */
static int plain(const char *scandir, struct err *e)
{
	for (const char *p = scandir; *p; p++)
		if (!chr_alnum(*p) && *p != '/' && *p != '.' && *p != '-' && *p != '_')
			return err_usage(e, "%s: this name cannot stand in a boot script", scandir);
	return 0;
}

static int install_openrc(const char *root, const char *scandir, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT;

	buf_fmt(&text, "#!/sbin/openrc-run\n"
		"description=\"Service scanner of indimail\"\n"
		"command=/usr/libexec/indimail/svscanboot\ncommand_args=%s\ncommand_background=true\n"
		"pidfile=/run/svscan.boot.pid\n\n"
		"depend() {\n\tneed localmount\n\tafter net\n}\n\n"
		"stop() {\n\tebegin \"Stopping svscan\"\n\t/usr/bin/qmailctl stop\n\teend $?\n}\n", scandir);
	int r = plain(scandir, e) < 0 ? -1 : put(root, openrc, buf_str(&text), 0755, out, e);

	buf_free(&text);
	return r < 0 ? -1 : put_link(root, openrc_link, openrc, out, e);
}

static int install_upstart(const char *root, const char *path, const char *scandir, struct buf *out,
	struct err *e)
{
	struct buf text = BUF_INIT;

	buf_fmt(&text, "description \"Service scanner of indimail\"\n"
		"start on runlevel [2345]\nstop on runlevel [016]\nrespawn\n"
		"exec /usr/libexec/indimail/svscanboot %s\n", scandir);
	int r = plain(scandir, e) < 0 ? -1 : put(root, path, buf_str(&text), 0644, out, e);

	buf_free(&text);
	return r;
}

/* FreeBSD: enabled by a file of its own beside rc.conf. */
static int install_rc(const char *root, const char *scandir, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT;

	buf_fmt(&text, "#!/bin/sh\n# PROVIDE: svscan\n# REQUIRE: FILESYSTEMS NETWORKING syslogd\n"
		"# BEFORE: LOGIN\n# KEYWORD: shutdown\n\n. /etc/rc.subr\n\n"
		"name=svscan\ndesc=\"Service scanner of indimail\"\nrcvar=svscan_enable\n"
		"start_cmd=\"/usr/sbin/daemon -f /usr/libexec/indimail/svscanboot %s\"\n"
		"stop_cmd=\"/usr/bin/qmailctl stop\"\n"
		"extra_commands=\"status restart kill shut flush reload rotate queue cont cdb help\"\n"
		"for word in $extra_commands; do\n\teval \"${word}_cmd=\\\"/usr/bin/qmailctl $word\\\"\"\ndone\n\n"
		"load_rc_config $name\n: \"${svscan_enable:=NO}\"\nrun_rc_command \"$1\"\n", scandir);
	int r = plain(scandir, e) < 0 || put(root, rc, buf_str(&text), 0755, out, e) < 0 ? -1 :
		put(root, rc_conf, STR("svscan_enable=\"YES\"\n"), 0644, out, e);

	buf_free(&text);
	return r;
}

/* What synthetic.conf says for a directory that shall be seen below the root, which is read-only there. */
static void synthetic_line(struct buf *line, const char *scandir)
{
	const char *name = *scandir ? scandir + 1 : scandir;

	buf_fmt(line, "%s\tSystem/Volumes/Data/%s", name, name);
}

static int install_launchd(const char *root, const char *scandir, struct buf *out, struct err *e)
{
	struct buf text = BUF_INIT, line = BUF_INIT;

	buf_fmt(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
		"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n"
		"\t<key>Label</key>\n\t<string>org.indimail.svscan</string>\n"
		"\t<key>ProgramArguments</key>\n\t<array>\n\t\t<string>/usr/libexec/indimail/svscanboot</string>\n"
		"\t\t<string>%s</string>\n\t</array>\n"
		"\t<key>EnvironmentVariables</key>\n\t<dict>\n\t\t<key>SCANINTERVAL</key>\n"
		"\t\t<string>120</string>\n\t</dict>\n"
		"\t<key>RunAtLoad</key>\n\t<true/>\n\t<key>KeepAlive</key>\n\t<true/>\n</dict>\n</plist>\n", scandir);
	int r = plain(scandir, e) < 0 ? -1 : put(root, launchd, buf_str(&text), 0644, out, e);

	/* only a directory right below the root needs it */
	if (r == 0 && scandir[0] == '/' && scandir[1] && !strchr(scandir + 1, '/')) {
		synthetic_line(&line, scandir);
		r = change_line(root, synthetic, buf_str(&line), true, out, e);
	}
	buf_free(&text);
	buf_free(&line);
	return r;
}

int boot_install(const char *root, enum boot_kind kind, const char *scandir, struct buf *out, struct err *e)
{
	switch (kind) {
	case BOOT_SYSTEMD:
		return install_systemd(root, scandir, out, e);
	case BOOT_UPSTART:
		return install_upstart(root, upstart, scandir, out, e);
	case BOOT_EVENT:
		return install_upstart(root, event, scandir, out, e);
	case BOOT_RC:
		return install_rc(root, scandir, out, e);
	case BOOT_LAUNCHD:
		return install_launchd(root, scandir, out, e);
	case BOOT_OPENRC:
		return install_openrc(root, scandir, out, e);
	case BOOT_INITTAB:
	case BOOT_NONE:
		break;
	}
	return err_perm(e, 0, "nothing here that svscan could be started by");
}

static int drop(const char *root, const char *path, struct buf *out, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 0;

	buf_fmt(&fn, "%s%s", root, path);
	if (file_unlink(fn.p) == 0)
		buf_fmt(out, "%s\n", fn.p);
	else if (errno != ENOENT && errno != ENOTDIR)
		r = err_temp(e, errno, "unable to remove %s", fn.p);
	buf_free(&fn);
	return r;
}

int boot_add_inittab(const char *root, struct err *e)
{
	return change_line(root, inittab, str_z(boot_inittab), true, NULL, e);
}

static int remove_systemd(const char *root, struct buf *out, struct err *e)
{
	int r = drop(root, wants, out, e);

	for (int i = 0; r == 0 && i < 2; i++) {
		struct buf fn = BUF_INIT;

		r = drop(root, unit_aliases[i], out, e);
		buf_fmt(&fn, "%s/svscan.service", unit_dirs[i]);
		if (r == 0)
			r = drop(root, fn.p, out, e);
		buf_free(&fn);
	}
	return r;
}

int boot_remove(const char *root, const char *scandir, struct buf *out, struct err *e)
{
	static const char *const files[] = {upstart, event, rc, rc_conf, launchd};
	struct buf line = BUF_INIT;
	int r = remove_systemd(root, out, e);

	if (r == 0 && have(root, openrc_link))
		r = drop(root, openrc_link, out, e) < 0 ? -1 : drop(root, openrc, out, e);
	for (size_t i = 0; r == 0 && i < sizeof files / sizeof *files; i++)
		r = drop(root, files[i], out, e);
	synthetic_line(&line, scandir);
	if (r == 0)
		r = change_line(root, synthetic, buf_str(&line), false, out, e);
	buf_free(&line);
	return r < 0 ? -1 : change_line(root, inittab, str_z(boot_inittab), false, out, e);
}
