/* admin - what the actions of minisvc(8) share; see admin.h. */
#include "svc/admin.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/mail/date.h"
#include "core/sys/clock.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"
#include "core/sys/pw.h"
#include "svc/retire.h"
#include "svc/scandir.h"

static void say(const struct admin *a, const char *fmt, va_list ap)
{
	struct buf b = BUF_INIT;

	buf_vfmt(&b, fmt, ap);
	buf_addc(&b, '\n');
	a->say(buf_str(&b));
	buf_free(&b);
}

void admin_say(const struct admin *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(a, fmt, ap);
	va_end(ap);
}

void admin_progress(const struct admin *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!a->silent)
		say(a, fmt, ap);
	va_end(ap);
}

/* ---- start ---- */

static int find_dirs(struct admin *a, struct err *e)
{
	if (scandir_choose(a->servicedir, &a->plain, e) < 0)
		return -1;
	buf_fmt(&a->base, "%s%s", a->destdir, a->plain.p);
	return 0;
}

static int find_mode(const char *mode, mode_t *m, struct err *e)
{
	uint64_t n;

	if (num_scan_octal(str_z(mode), &n) != strlen(mode) || !*mode || n > 0777)
		return err_usage(e, "%s: no mode", mode);
	*m = (mode_t)n;
	return 0;
}

static int find_user(const char *name, uid_t *uid, struct err *e)
{
	struct pw pw;
	uint64_t n;

	if (num_parse(str_z(name), UINT32_MAX - 1, &n))
		*uid = (uid_t)n;
	else if (strcmp(name, "root") == 0)
		*uid = 0;
	else if (pw_name(str_z(name), &pw) == 1)
		*uid = pw.uid;
	else
		return err_usage(e, "%s: no such user", name);
	return 0;
}

static int find_group(const char *name, gid_t *gid, struct err *e)
{
	uint64_t n;

	if (num_parse(str_z(name), UINT32_MAX - 1, &n))
		*gid = (gid_t)n;
	else if (pw_group(str_z(name), gid) != 1)
		return err_usage(e, "%s: no such group", name);
	return 0;
}

int admin_start(struct admin *a, struct err *e)
{
	a->files.change = proc_euid() == 0;	/* a single user's files are his own */
	if (find_dirs(a, e) < 0 || find_mode(a->mode, &a->files.mode, e) < 0 ||
		find_user(a->owner, &a->files.uid, e) < 0 || find_group(a->group, &a->files.gid, e) < 0)
		return -1;
	return 0;
}

void admin_free(struct admin *a)
{
	buf_free(&a->plain);
	buf_free(&a->base);
}

bool admin_allowed(const char *where)
{
	struct str path = str_z(where);
	struct buf b = BUF_INIT;
	bool yes = proc_euid() == 0;

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

bool admin_note(const struct admin *a)
{
	struct buf fn = BUF_INIT, line = BUF_INIT;

	buf_fmt(&fn, "%s%s/services.log", a->destdir, a->logdir);
	int fd = a->nolog ? -1 : file_open(fn.p, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0640);

	date_local(&line, clock_now());
	buf_set(&line, str_rtrim(buf_str(&line)));
	buf_fmt(&line, " %.*s", STR_FMT(a->command));
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

const char *admin_sysconfdir(void)
{
	const char *etc = conf_env(CONF_SYSCONFDIR);

	return etc ? etc : conf_rows[CONF_SYSCONFDIR].dflt;
}

/* ---- several at once ---- */

static int do_one(struct admin *a, const char *dir, const char *name, admin_each *one)
{
	struct err e = {0};
	int r = one(a, dir, name, &e);

	if (r < 0 && e.class != ERR_NONE)
		a->trouble(&e);
	return r;
}

int admin_each_word(struct admin *a, const char *words, admin_each *one)
{
	struct buf dir = BUF_INIT, name = BUF_INIT;
	struct str rest = str_z(words), w;
	int r = 0;

	while ((w = str_word(&rest)).n)
		if (retire_split(w, &dir, &name) && do_one(a, dir.p, name.p, one) < 0)
			r = -1;
	buf_free(&dir);
	buf_free(&name);
	return r;
}

int admin_each_variables(struct admin *a, admin_each *one, struct err *e)
{
	struct service_names names = {{0}};
	struct buf dir = BUF_INIT;
	int r = 0;

	if (scandir_list(a->base.p, false, &names, e) < 0)
		return -1;
	for (size_t i = 0; i <= names.list.n; i++) {
		const char *name = i < names.list.n ? names.list.p[i] : ".svscan";

		buf_clear(&dir);
		buf_fmt(&dir, "%s/%s/variables", a->base.p, name);
		if (file_exists(dir.p) && do_one(a, dir.p, name, one) < 0)
			r = -1;
	}
	control_path(conf_rows[CONF_DEFAULTQUEUE].file, &dir);
	if (!*a->destdir && file_exists(dir.p) && do_one(a, dir.p, "defaultqueue", one) < 0)
		r = -1;
	scandir_free(&names);
	buf_free(&dir);
	return r;
}

int admin_variables(const struct admin *a, struct buf *dir, struct err *e)
{
	const char *name = a->service_name;

	if (!name || !*name || strchr(name, '/') || strcmp(name, "..") == 0)
		return err_usage(e, "--service-name is missing, or no name");
	buf_fmt(dir, "%s/%s/variables", a->base.p, name);
	if (!file_exists(dir->p))
		return err_perm(e, 0, "%s: no such directory", dir->p);
	return 0;
}
