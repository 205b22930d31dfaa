/* display - show variables, scripts and settings of services; see display.h. */
#include "svc/display.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/conf/envdir.h"
#include "core/sys/env.h"
#include "core/sys/file.h"
#include "svc/scandir.h"

enum { TEXT_MAX = 1 << 20 };

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The environment, sorted. */
static void show_environment(const struct admin *a)
{
	VEC(const char *) vars = {0};

	for (char *const *v = env_all(); v && *v; v++)
		vec_push(&vars, *v);
	if (vars.n)
		qsort(vars.p, vars.n, sizeof *vars.p, compare);
	for (size_t i = 0; i < vars.n; i++)
		admin_say(a, "%s", vars.p[i]);
	vec_free(&vars);
}

static int show_dir(struct admin *a, const char *dir, const char *name, struct err *e)
{
	struct env_copy *before = env_save();

	(void)name;
	admin_say(a, "------ environment variables for %s ------------", dir);
	env_clear();
	int r = envdir_apply(dir, true, e);

	if (r == 0)
		show_environment(a);
	env_restore(before);
	env_copy_free(before);
	admin_say(a, "%s", "");
	if (variables_exists(dir, ".envdir"))
		admin_say(a, "NOTE: additional variables were obtained from %s/.envdir", dir);
	if (variables_exists(dir, ".envfile"))
		admin_say(a, "NOTE: additional variables were obtained from %s/.envfile", dir);
	return r;
}

/* A service without variables is an error that needs no more words than these. */
static int no_variables(const struct admin *a)
{
	struct err e = {0};

	err_perm(&e, 0, "NOTE: This service has no configured variables");
	a->trouble(&e);
	return -1;
}

int display_variables(struct admin *a, const char *arg, struct err *e)
{
	const char *name = *arg ? arg : a->service_name;
	struct buf dir = BUF_INIT;
	int r;

	if (!a->envdir && (!name || strchr(name, '/')))
		return err_usage(e, "--service-name is missing, or no name");
	if (a->envdir)
		buf_adds(&dir, a->envdir);
	else
		buf_fmt(&dir, "%s/%s/variables", a->base.p, name);
	r = file_exists(dir.p) ? show_dir(a, dir.p, "", e) : no_variables(a);
	buf_free(&dir);
	return r;
}

int display_all_variables(struct admin *a, const char *arg, struct err *e)
{
	(void)arg;
	return admin_each_variables(a, show_dir, e);
}

/* ---- everything ---- */

static void show_text(const struct admin *a, const char *fn, const struct buf *text)
{
	admin_say(a, "---- %s", fn);
	a->say(buf_str(text));
}

static void show_file(const struct admin *a, const char *fn)
{
	struct buf text = BUF_INIT;

	if (file_slurp(fn, &text, TEXT_MAX) == 0)
		show_text(a, fn, &text);
	buf_free(&text);
}

static void show_service(const struct admin *a, const char *name)
{
	static const char *const parts[] = {"run", "log/run", "shutdown"};
	struct buf fn = BUF_INIT, text = BUF_INIT;
	struct err e = {0};

	admin_say(a, "==== %s", name);
	for (int k = 0; k < 3; k++) {
		buf_clear(&fn);
		buf_fmt(&fn, "%s/%s/%s", a->base.p, name, parts[k]);
		show_file(a, fn.p);
	}
	buf_clear(&fn);
	buf_fmt(&fn, "%s/%s/variables", a->base.p, name);
	if (variables_export(fn.p, &text, &e) == 0)
		show_text(a, fn.p, &text);
	buf_free(&fn);
	buf_free(&text);
}

int display_everything(struct admin *a, const char *arg, struct err *e)
{
	struct service_names names = {{0}};
	struct buf fn = BUF_INIT;

	(void)arg;
	if (scandir_list(a->base.p, false, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.list.n; i++)
		show_service(a, names.list.p[i]);
	show_service(a, ".svscan");
	scandir_free(&names);
	admin_say(a, "==== settings");
	a->run((const char *const[]){"qmail-showctl", NULL});
	int r = conf_line(CONF_ASSIGNDIR, &fn, e);

	if (r == 0) {
		buf_adds(&fn, "/assign");
		show_file(a, fn.p);
	}
	buf_free(&fn);
	return r;
}
