/* machine - what minisvc(8) --config changes outside the directory of services; see machine.h. */
#include "svc/machine.h"

#include <errno.h>

#include "core/sys/file.h"
#include "core/sys/pw.h"
#include "svc/accounts.h"
#include "svc/boot.h"

/* ---- boot ---- */

static void systemctl(struct admin *a, const char *verb, const char *unit)
{
	if (!*a->destdir && a->known("systemctl"))
		a->run((const char *const[]){"systemctl", verb, unit, NULL});
}

int machine_add_boot(struct admin *a, const char *arg, struct err *e)
{
	enum boot_kind kind = boot_detect(a->destdir);
	struct buf out = BUF_INIT;

	(void)arg;
	if (!file_exists(a->base.p) && file_mkdirs(a->base.p, 0755) < 0)
		return err_temp(e, errno, "unable to create %s", a->base.p);
	if (kind == BOOT_INITTAB) {
		admin_say(a, "manually add following entry for svscan in %s/etc/inittab", a->destdir);
		admin_say(a, "%s", boot_inittab);
		return -1;
	}
	int r = boot_install(a->destdir, kind, a->plain.p, &out, e);

	if (r == 0 && !a->silent)
		a->say(buf_str(&out));
	if (r == 0 && kind == BOOT_SYSTEMD) {
		systemctl(a, "daemon-reload", NULL);
		systemctl(a, "enable", "svscan.service");
	}
	buf_free(&out);
	return r;
}

int machine_rm_boot(struct admin *a, const char *arg, struct err *e)
{
	struct buf out = BUF_INIT;
	int r = boot_remove(a->destdir, a->plain.p, &out, e);

	(void)arg;
	if (r == 0 && !a->silent)
		a->say(buf_str(&out));
	if (r == 0 && out.n)
		systemctl(a, "daemon-reload", NULL);
	buf_free(&out);
	return r;
}

int machine_inittab(struct admin *a, const char *arg, struct err *e)
{
	(void)arg;
	return boot_add_inittab(a->destdir, e);
}

/* ---- accounts ---- */

static bool have_group(const char *name)
{
	gid_t gid;

	return pw_group(str_z(name), &gid) == 1;
}

static bool have_user(const char *name)
{
	struct pw pw;

	return pw_name(str_z(name), &pw) == 1;
}

/* The tools also know of locks, shadow files and accounts elsewhere; they say what fails. */
static int add_with_tools(struct admin *a)
{
	int r = 0;

	for (int i = 0; accounts_groups[i]; i++)
		if (!have_group(accounts_groups[i]) &&
			!a->run((const char *const[]){"groupadd", "-r", accounts_groups[i], NULL}))
			r = -1;
	for (int i = 0; accounts[i].user; i++) {
		const struct account *c = &accounts[i];
		const char *words[] = {"useradd", "-r", "-M", "-s", "/sbin/nologin", "-g", c->group, "-d",
			c->home ? c->home : a->logdir, c->user, NULL, NULL, NULL};

		if (c->extra) {
			words[9] = "-G";
			words[10] = c->extra;
			words[11] = c->user;
		}
		if (!have_user(c->user) && !a->run(words))
			r = -1;
	}
	return r;
}

static int remove_with_tools(struct admin *a)
{
	int r = 0;

	for (int i = 0; accounts[i].user; i++)
		if (have_user(accounts[i].user) && !a->run((const char *const[]){"userdel", accounts[i].user, NULL}))
			r = -1;
	for (int i = 0; accounts_groups[i]; i++)
		if (have_group(accounts_groups[i]) &&
			!a->run((const char *const[]){"groupdel", accounts_groups[i], NULL}))
			r = -1;
	return r;
}

int machine_users(struct admin *a, const char *arg, struct err *e)
{
	(void)arg;
	if (!*a->destdir && a->known("useradd") && a->known("groupadd"))
		return add_with_tools(a);
	return accounts_add(a->destdir, a->logdir, e);
}

int machine_rmusers(struct admin *a, const char *arg, struct err *e)
{
	(void)arg;
	if (!*a->destdir && a->known("userdel") && a->known("groupdel"))
		return remove_with_tools(a);
	return accounts_remove(a->destdir, e);
}
