/* skeleton - the directory .svscan; see skeleton.h. */
#include "svc/skeleton.h"

#include <errno.h>

#include "core/sys/clock.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"
#include "svc/servicefile.h"

static const char path_of_services[] = "/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin";

static int make_dir(const char *fn, struct err *e)
{
	return file_mkdirs(fn, 0755) < 0 ? err_temp(e, errno, "unable to create %s", fn) : 0;
}

/* Write base/name. */
static int put(const struct skeleton *k, const char *name, struct str text, mode_t mode, struct err *e)
{
	struct buf fn = BUF_INIT;

	buf_fmt(&fn, "%s/%s", k->base, name);
	int r = file_replace(fn.p, text, mode, e);

	buf_free(&fn);
	return r;
}

static int script(const struct skeleton *k, const char *name, struct str text, struct err *e)
{
	struct buf all = BUF_INIT;
	char host[256];

	proc_hostname(host, sizeof host);
	servicefile_head(&all, k->generator, host, clock_now(), k->command);
	buf_addc(&all, '\n');
	buf_add(&all, text);
	int r = put(k, name, buf_str(&all), 0755, e);

	buf_free(&all);
	return r;
}

/* The logger of a service: name is its run script, tag the directory below logdir. */
static int logger_script(const struct skeleton *k, const char *name, const char *tag, struct err *e)
{
	static const char *const drop[] = {"exec", "/usr/bin/setuidgid", "qmaill", NULL};
	static const char *const plain[] = {"exec", NULL};
	struct buf dir = BUF_INIT, text = BUF_INIT;

	buf_fmt(&dir, "%s/%s", k->logdir, tag);
	const char *log[] = {"/usr/sbin/multilog", "t", dir.p, NULL};

	servicefile_words(&text, k->single ? plain : drop);
	buf_addc(&text, ' ');
	servicefile_words(&text, log);
	buf_addc(&text, '\n');
	int r = script(k, name, buf_str(&text), e);

	buf_free(&text);
	buf_free(&dir);
	return r;
}

/* A command done only where svscan has mounts of its own and there is a resolv.conf to put over the
 * machine's. */
static void when_unshared(const struct skeleton *k, const char *verb, bool with_file, struct buf *text)
{
	struct buf fn = BUF_INIT, word = BUF_INIT;

	buf_fmt(&fn, "%s/resolv.conf", k->sysconfdir);
	servicefile_word(&word, buf_str(&fn));
	if (k->unshare)
		buf_fmt(text, "if [ -n \"${UNSHARE+set}\" ] && [ -f %s ]; then\n\t%s %s%s/etc/resolv.conf\nfi\n",
			word.p, verb, with_file ? word.p : "", with_file ? " " : "");
	buf_free(&fn);
	buf_free(&word);
}

static int scripts(const struct skeleton *k, struct err *e)
{
	struct buf run = BUF_INIT, shutdown = BUF_INIT;

	when_unshared(k, "mount --bind", true, &run);
	buf_adds(&run, "echo Environment Variable List\nexec env\n");
	when_unshared(k, "umount", false, &shutdown);
	buf_adds(&shutdown, "exec svc -dx ");
	servicefile_word(&shutdown, str_z(k->servicedir));
	buf_adds(&shutdown, "/*\n");
	int r = script(k, ".svscan/run", buf_str(&run), e) < 0 ||
		script(k, ".svscan/shutdown", buf_str(&shutdown), e) < 0 ||
		logger_script(k, ".svscan/log/run", "svscan", e) < 0 ? -1 : 0;

	buf_free(&run);
	buf_free(&shutdown);
	return r;
}

static int variables(const struct skeleton *k, const char *dir, struct err *e)
{
	const struct {
		const char *name, *value;	/* NULL: unset */
	} all[] = {
		{"PATH", path_of_services},
		{"SCANINTERVAL", k->scanint},
		{"SCANLOG", ""},
		{"INITCMD", k->initcmd ? k->initcmd : ""},
		{"UNSHARE", k->unshare ? "" : NULL},
		{"AUTOSCAN", "1"},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (k->nooverwrite && variables_exists(dir, all[i].name))
			continue;
		if ((all[i].value ? variables_set(dir, all[i].name, str_z(all[i].value), &k->files, e) :
			variables_unset(dir, all[i].name, &k->files, e)) < 0)
			return -1;
	}
	return 0;
}

/* The variables, how they came to be, and a snapshot; in the end nobody may write there. */
static int variables_dir(const struct skeleton *k, struct err *e)
{
	struct buf dir = BUF_INIT, text = BUF_INIT;
	int r;

	buf_fmt(&dir, "%s/.svscan/variables", k->base);
	buf_fmt(&text, "%.*s\n", STR_FMT(k->command));
	r = make_dir(dir.p, e);
	if (r == 0 && file_chmod(dir.p, 0700) < 0)
		r = err_temp(e, errno, "unable to chmod %s", dir.p);
	if (r == 0 && (variables(k, dir.p, e) < 0 ||
		put(k, ".svscan/variables/.options", buf_str(&text), 0640, e) < 0 ||
		variables_save(dir.p, &k->files, e) < 0))
		r = -1;
	file_chmod(dir.p, 0500);
	buf_free(&dir);
	buf_free(&text);
	return r;
}

static int log_directory(const struct skeleton *k, const char *tag, struct err *e)
{
	struct buf fn = BUF_INIT;
	struct pw pw;

	buf_fmt(&fn, "%s%s/%s", k->destdir, k->logdir, tag);
	int r = make_dir(fn.p, e);

	if (r == 0 && proc_euid() == 0 && pw_name(STR("qmaill"), &pw) == 1 && file_chown(fn.p, pw.uid, pw.gid) < 0)
		r = err_temp(e, errno, "unable to chown %s", fn.p);
	buf_free(&fn);
	return r;
}

static int resolv_conf(const struct skeleton *k, struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	char host[256];

	proc_hostname(host, sizeof host);
	buf_fmt(&fn, "%s%s/resolv.conf", k->destdir, k->sysconfdir);
	buf_fmt(&text, "search %s\nnameserver 127.0.0.1\n", host);
	int r = file_replace(fn.p, buf_str(&text), 0644, e);

	buf_free(&fn);
	buf_free(&text);
	return r;
}

/* Whoever replaces /etc/resolv.conf takes our file from its place: a service that puts it back. */
static int resolvconf_service(const struct skeleton *k, struct err *e)
{
	struct buf fn = BUF_INIT, ours = BUF_INIT, text = BUF_INIT;
	int r;

	buf_fmt(&fn, "%s/resolvconf/log", k->base);
	r = make_dir(fn.p, e);
	buf_clear(&fn);
	buf_fmt(&fn, "%s/resolv.conf", k->sysconfdir);
	servicefile_word(&ours, buf_str(&fn));
	buf_fmt(&text, "exec 2>&1\n"
		"inotify -n /etc | while read -r kind name event; do\n"
		"\t[ \"$name\" = /etc/resolv.conf ] || continue\n"
		"\t[ /etc/resolv.conf -ef %s ] && continue\n"
		"\techo \"$kind $name $event: binding it again\"\n"
		"\tmount --bind %s /etc/resolv.conf\n"
		"done\n", ours.p, ours.p);
	if (r == 0 && (script(k, "resolvconf/run", buf_str(&text), e) < 0 ||
		logger_script(k, "resolvconf/log/run", "resolvconf", e) < 0 || log_directory(k, "resolvconf", e) < 0))
		r = -1;
	buf_free(&fn);
	buf_free(&ours);
	buf_free(&text);
	return r;
}

int skeleton_make(const struct skeleton *k, struct err *e)
{
	struct buf dir = BUF_INIT;

	buf_fmt(&dir, "%s/.svscan/log", k->base);
	int r = make_dir(dir.p, e) < 0 || scripts(k, e) < 0 ? -1 : 0;

	if (r == 0 && !k->scripts_only) {
		if (variables_dir(k, e) < 0 || log_directory(k, "svscan", e) < 0 ||
			(k->resolvconf && resolv_conf(k, e) < 0) ||
			(k->resolvconf && k->unshare && resolvconf_service(k, e) < 0) ||
			(k->down && put(k, ".svscan/log/down", STR(""), 0644, e) < 0))
			r = -1;
	}
	buf_free(&dir);
	return r;
}
