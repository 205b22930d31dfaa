/* setting - change, save and bring back the variables of services; see setting.h. */
#include "svc/setting.h"

#include <string.h>

#include "core/sys/file.h"
#include "core/sys/pw.h"

/* Those of the queues belong to the mail system and are no secret. */
static struct variables_owner defaultqueue_owner(const struct admin *a)
{
	struct variables_owner o = {.mode = 0644};
	struct pw pw;

	if (a->files.change && pw_name(STR("indimail"), &pw) == 1 && pw_group(STR("qmail"), &o.gid) == 1) {
		o.change = true;
		o.uid = pw.uid;
	}
	return o;
}

int setting_save(struct admin *a, const char *dir, const char *name, struct err *e)
{
	struct variables_owner o = strcmp(name, "defaultqueue") == 0 ? defaultqueue_owner(a) : a->files;

	admin_progress(a, "export %s  %s %s %s", name, a->owner, a->group, a->mode);
	return variables_save(dir, &o, e);
}

typedef int change(struct admin *a, const char *dir, const char *name, struct err *e);

/* One change, then the snapshot. */
static int change_one(struct admin *a, const char *name, change *f, struct err *e)
{
	struct buf dir = BUF_INIT;
	int r = admin_variables(a, &dir, e);

	if (r == 0)
		r = f(a, dir.p, name, e);
	if (r == 0)
		r = setting_save(a, dir.p, a->service_name, e);
	buf_free(&dir);
	return r;
}

static int put(struct admin *a, const char *dir, const char *name, struct err *e)
{
	const char *value = a->value ? a->value : "";

	admin_progress(a, "setting env variable %s=[%s]", name, value);
	return variables_set(dir, name, str_z(value), &a->files, e);
}

static int put_new(struct admin *a, const char *dir, const char *name, struct err *e)
{
	if (variables_exists(dir, name) && !a->force)
		return err_perm(e, 0, "%s exists. Use --force to overwrite", name);
	return put(a, dir, name, e);
}

static int put_old(struct admin *a, const char *dir, const char *name, struct err *e)
{
	if (!variables_exists(dir, name) && !a->force)
		return err_perm(e, 0, "%s does not exist. Use --force to create it", name);
	return put(a, dir, name, e);
}

static int take_off(struct admin *a, const char *dir, const char *name, struct err *e)
{
	admin_progress(a, "unsetting env variable %s", name);
	return variables_unset(dir, name, &a->files, e);
}

static int take_away(struct admin *a, const char *dir, const char *name, struct err *e)
{
	admin_progress(a, "removing env variable %s", name);
	return variables_remove(dir, name, e);
}

static int take_in(struct admin *a, const char *dir, const char *fn, struct err *e)
{
	return variables_read(dir, fn, a->force, &a->files, e);
}

int setting_set(struct admin *a, const char *arg, struct err *e)
{
	return change_one(a, arg, put_new, e);
}

int setting_modify(struct admin *a, const char *arg, struct err *e)
{
	return change_one(a, arg, put_old, e);
}

int setting_unset(struct admin *a, const char *arg, struct err *e)
{
	return change_one(a, arg, take_off, e);
}

int setting_remove(struct admin *a, const char *arg, struct err *e)
{
	return change_one(a, arg, take_away, e);
}

int setting_import(struct admin *a, const char *arg, struct err *e)
{
	return change_one(a, arg, take_in, e);
}

int setting_export(struct admin *a, const char *arg, struct err *e)
{
	struct buf dir = BUF_INIT, text = BUF_INIT;
	int r = admin_variables(a, &dir, e);

	if (r == 0 && file_exists(arg) && !a->force)
		r = err_perm(e, 0, "%s exists. Use --force to overwrite", arg);
	if (r == 0)
		r = variables_export(dir.p, &text, e);
	if (r == 0)
		r = file_replace(arg, buf_str(&text), a->files.mode, e);
	buf_free(&dir);
	buf_free(&text);
	return r;
}

/* ---- snapshots ---- */

static int go_back(struct admin *a, const char *dir, const char *name, struct err *e)
{
	(void)name;
	return variables_go_back(dir, &a->files, e);
}

int setting_save_all(struct admin *a, const char *arg, struct err *e)
{
	(void)arg;
	return admin_each_variables(a, setting_save, e);
}

int setting_restore(struct admin *a, const char *arg, struct err *e)
{
	struct buf dir = BUF_INIT;
	int r = admin_variables(a, &dir, e);

	(void)arg;
	if (r == 0)
		r = go_back(a, dir.p, a->service_name, e);
	buf_free(&dir);
	return r;
}

int setting_restore_all(struct admin *a, const char *arg, struct err *e)
{
	(void)arg;
	return admin_each_variables(a, go_back, e);
}
