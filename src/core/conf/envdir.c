/* envdir - directories of variables; see envdir.h. */
#include "core/conf/envdir.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"

enum { VALUE_MAX = 1 << 20, DEPTH_MAX = 32 };

struct visited {
	dev_t dev;
	ino_t ino;
};

struct walk {
	VEC(struct visited) seen;
	bool strict;
	int depth;
};

static int apply(struct walk *w, const char *dir, struct err *e);

static void path_in(struct buf *fn, const char *dir, struct str name)
{
	buf_clear(fn);
	if (!name.n || name.p[0] != '/')
		buf_fmt(fn, "%s/", dir);
	buf_add(fn, name);
}

static int apply_file(struct walk *w, const char *dir, const char *name, struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	struct stat st;
	int r = 0;

	path_in(&fn, dir, str_z(name));
	if (file_stat(fn.p, &st) < 0 || S_ISDIR(st.st_mode))
		goto out;
	if (file_slurp(fn.p, &text, VALUE_MAX) < 0) {
		if (w->strict)
			r = err_temp(e, errno, "unable to read %s", fn.p);
		goto out;
	}
	if (text.n == 0) {
		env_unset(name);
		goto out;
	}
	buf_set(&text, str_to(buf_str(&text), str_chr(buf_str(&text), '\n')));
	while (text.n && chr_blank(text.p[text.n - 1]))
		buf_trunc(&text, text.n - 1);
	for (size_t i = 0; i < text.n; i++)
		if (!text.p[i])
			text.p[i] = '\n';
	env_put(name, text.p);
out:
	buf_free(&fn);
	buf_free(&text);
	return r;
}

/* .envfile: NAME=value per line, NAME alone unsets. */
static int apply_envfile(const char *dir, struct err *e)
{
	struct buf fn = BUF_INIT;
	struct list l = LIST_INIT;
	int r = 0;

	path_in(&fn, dir, STR(".envfile"));
	if (file_slurp(fn.p, &l.text, VALUE_MAX) < 0) {
		if (errno != ENOENT)
			r = err_temp(e, errno, "unable to read %s", fn.p);
		goto out;
	}
	list_parse(&l);
	for (size_t i = 0; i < l.lines.n; i++) {
		struct str value = l.lines.p[i];

		buf_set(&fn, str_cut(&value, '='));
		if (value.p)
			env_put_str(fn.p, value);
		else
			env_unset(fn.p);
	}
out:
	buf_free(&fn);
	list_free(&l);
	return r;
}

/* .envdir: a directory, or a file that lists directories. */
static int apply_nested(struct walk *w, const char *dir, struct err *e)
{
	struct buf fn = BUF_INIT, sub = BUF_INIT;
	struct list l = LIST_INIT;
	struct stat st;
	int r = 0;

	path_in(&fn, dir, STR(".envdir"));
	if (file_stat(fn.p, &st) < 0) {
		if (errno != ENOENT)
			r = err_temp(e, errno, "unable to stat %s", fn.p);
	} else if (S_ISDIR(st.st_mode)) {
		r = apply(w, fn.p, e);
	} else if (file_slurp(fn.p, &l.text, VALUE_MAX) < 0) {
		r = err_temp(e, errno, "unable to read %s", fn.p);
	} else {
		list_parse(&l);
		for (size_t i = 0; r == 0 && i < l.lines.n; i++) {
			path_in(&sub, dir, l.lines.p[i]);
			r = apply(w, sub.p, e);
		}
	}
	buf_free(&fn);
	buf_free(&sub);
	list_free(&l);
	return r;
}

static int apply(struct walk *w, const char *dir, struct err *e)
{
	struct stat st;
	struct dir d;
	const char *name;
	int r, more;

	if (file_stat(dir, &st) < 0)
		return err_temp(e, errno, "unable to stat %s", dir);
	for (size_t i = 0; i < w->seen.n; i++)
		if (w->seen.p[i].dev == st.st_dev && w->seen.p[i].ino == st.st_ino)
			return 0;
	struct visited here = {st.st_dev, st.st_ino};

	vec_push(&w->seen, here);
	if (++w->depth > DEPTH_MAX)
		return err_temp(e, 0, "%s: too many nested directories", dir);
	if (apply_envfile(dir, e) < 0 || apply_nested(w, dir, e) < 0)
		return -1;
	if (dir_open(&d, dir) < 0)
		return err_temp(e, errno, "unable to open %s", dir);
	for (r = 0; r == 0 && (more = dir_next(&d, &name)) != 0; ) {
		if (more < 0)
			r = err_temp(e, errno, "unable to read %s", dir);
		else if (name[0] != '.' && !strchr(name, '='))
			r = apply_file(w, dir, name, e);
	}
	dir_close(&d);
	w->depth--;
	return r;
}

int envdir_apply(const char *dir, bool strict, struct err *e)
{
	struct walk w = {.strict = strict};
	int r = apply(&w, dir, e);

	vec_free(&w.seen);
	return r;
}

/* Root reads its own ~/.defaultqueue only with these programs. */
static bool even_as_root(const char *prog)
{
	static const char *const names[] = {"qmail-inject", "new-inject", "qmail-qread", "maildirserial",
		"queue-fix", "qmail-tcpto", "qmail-tcpok"};

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(prog, names[i]) == 0)
			return true;
	return false;
}

static void apply_home(const char *prog, struct err *warn)
{
	const char *home = conf_env(CONF_HOME);
	struct buf dir = BUF_INIT;

	if (conf_set(CONF_SKIP_LOCAL_ENVIRONMENT) || !home || (proc_uid() == 0 && !even_as_root(prog)))
		return;
	buf_fmt(&dir, "%s/.defaultqueue", home);
	if (file_access(dir.p, X_OK)) {
		struct env_copy *before = env_save();

		if (envdir_apply(dir.p, false, warn) < 0)
			env_restore(before);
		env_copy_free(before);
	}
	buf_free(&dir);
}

int envdir_defaultqueue(const char *prog, struct err *warn, struct err *e)
{
	struct buf dir = BUF_INIT;
	int r = 0;

	/* the fast way in leaves out everything optional */
	if (conf_set(CONF_FASTQUEUE) && strcmp(prog, "qmail-inject") == 0)
		return 0;
	apply_home(prog, warn);
	if (conf_env(CONF_QUEUE_BASE))
		return 0;
	control_path(conf_rows[CONF_DEFAULTQUEUE].file, &dir);
	if (file_exists(dir.p)) {
		if (!file_access(dir.p, X_OK))
			r = err_temp(e, errno, "unable to enter %s", dir.p);
		else
			r = envdir_apply(dir.p, false, e);
	}
	buf_free(&dir);
	return r;
}
