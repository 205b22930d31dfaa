/* variables - writing a directory of variables; see variables.h. */
#include "svc/variables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/vec.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"

enum { NAME_MAX_BYTES = 200 };	/* a temporary name beside it must fit */

bool variables_name(struct str name)
{
	if (!name.n || name.n > NAME_MAX_BYTES || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 127 || name.p[i] == '/' || name.p[i] == '=')
			return false;
	return true;
}

static void path_of(const char *dir, const char *name, struct buf *fn)
{
	buf_clear(fn);
	buf_fmt(fn, "%s/%s", dir, name);
}

bool variables_exists(const char *dir, const char *name)
{
	struct buf fn = BUF_INIT;

	path_of(dir, name, &fn);
	bool yes = file_exists(fn.p);

	buf_free(&fn);
	return yes;
}

/* A directory nobody may write to, not even its owner: let the owner in for the moment.  Gives the mode to
 * set back, 0 when nothing was changed. */
static mode_t let_in(const char *dir)
{
	struct stat st;

	if (file_access(dir, W_OK) || file_stat(dir, &st) < 0 || st.st_uid != proc_euid())
		return 0;
	return file_chmod(dir, (st.st_mode & 07777) | 0700) < 0 ? 0 : st.st_mode & 07777;
}

static void shut_out(const char *dir, mode_t mode)
{
	if (mode)
		file_chmod(dir, mode);
}

static int put_file(const char *dir, const char *name, struct str text, const struct variables_owner *o,
	struct err *e)
{
	struct buf fn = BUF_INIT;
	mode_t before = let_in(dir);

	path_of(dir, name, &fn);
	int r = file_replace(fn.p, text, o->mode, e);

	if (r == 0 && o->change && file_chown(fn.p, o->uid, o->gid) < 0)
		r = err_temp(e, errno, "unable to chown %s", fn.p);
	shut_out(dir, before);
	buf_free(&fn);
	return r;
}

static int check_name(const char *name, struct err *e)
{
	return variables_name(str_z(name)) ? 0 : err_usage(e, "%s: this cannot be the name of a variable", name);
}

int variables_set(const char *dir, const char *name, struct str value, const struct variables_owner *o,
	struct err *e)
{
	struct buf text = BUF_INIT;
	int r = check_name(name, e);

	if (r == 0 && value.n > VARIABLES_VALUE_MAX)
		r = err_usage(e, "%s: the value is longer than %d bytes", name, VARIABLES_VALUE_MAX);
	buf_set(&text, value);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n')
			text.p[i] = 0;
	buf_addc(&text, '\n');
	if (r == 0)
		r = put_file(dir, name, buf_str(&text), o, e);
	buf_free(&text);
	return r;
}

int variables_unset(const char *dir, const char *name, const struct variables_owner *o, struct err *e)
{
	return check_name(name, e) < 0 ? -1 : put_file(dir, name, STR(""), o, e);
}

int variables_remove(const char *dir, const char *name, struct err *e)
{
	struct buf fn = BUF_INIT;
	mode_t before;
	int r = check_name(name, e);

	if (r == 0) {
		before = let_in(dir);
		path_of(dir, name, &fn);
		if (file_unlink(fn.p) < 0)
			r = err_temp(e, errno, "unable to remove %s", fn.p);
		shut_out(dir, before);
	}
	buf_free(&fn);
	return r;
}

/* ---- the text form ---- */

struct names {
	VEC(char *) list;
};

static void free_names(struct names *n)
{
	for (size_t i = 0; i < n->list.n; i++)
		mem_free(n->list.p[i]);
	vec_free(&n->list);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in dir, sorted. */
static int read_names(const char *dir, struct names *names, struct err *e)
{
	const char *name;
	struct dir d;

	if (dir_open(&d, dir) < 0)
		return err_temp(e, errno, "unable to open %s", dir);
	while (dir_next(&d, &name) > 0)
		if (variables_name(str_z(name)))
			vec_push(&names->list, mem_copy(name, strlen(name)));
	dir_close(&d);
	if (names->list.n)
		qsort(names->list.p, names->list.n, sizeof *names->list.p, compare);
	return 0;
}

static int export_one(const char *dir, const char *name, struct buf *text, struct err *e)
{
	struct buf fn = BUF_INIT, file = BUF_INIT;
	struct stat st;
	int r = 0;

	path_of(dir, name, &fn);
	if (file_stat(fn.p, &st) == 0 && S_ISDIR(st.st_mode)) {
		buf_free(&fn);
		return 0;
	}
	if (file_slurp(fn.p, &file, VARIABLES_TEXT_MAX) < 0) {
		r = err_temp(e, errno, "unable to read %s", fn.p);
	} else {
		struct str v = str_to(buf_str(&file), str_chr(buf_str(&file), '\n'));
		/* quotes at both ends would be taken off again */
		bool quote = (file.n && !v.n) || (v.n > 1 && v.p[0] == '"' && v.p[v.n - 1] == '"');

		buf_fmt(text, "%s=%s", name, quote ? "\"" : "");
		buf_add(text, v);
		buf_adds(text, quote ? "\"\n" : "\n");
	}
	buf_free(&fn);
	buf_free(&file);
	return r;
}

int variables_export(const char *dir, struct buf *text, struct err *e)
{
	struct names names = {{0}};
	int r = read_names(dir, &names, e);

	for (size_t i = 0; r == 0 && i < names.list.n; i++)
		r = export_one(dir, names.list.p[i], text, e);
	free_names(&names);
	return r;
}

/* The next NAME=value of a text; false at its end.  value.p is NULL in a line without =. */
static bool next_pair(struct str *rest, struct buf *name, struct str *value)
{
	while (rest->p) {
		struct str line = str_cut(rest, '\n');

		if (!str_trim(line).n || str_trim(line).p[0] == '#')
			continue;
		*value = line;
		buf_set(name, str_trim(str_cut(value, '=')));
		return true;
	}
	return false;
}

static int import_one(const char *dir, const char *name, struct str value, const struct variables_owner *o,
	struct err *e)
{
	if (!value.n)
		return variables_unset(dir, name, o, e);
	if (value.n > 1 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = str_make(value.p + 1, value.n - 2);
	return variables_set(dir, name, value, o, e);
}

int variables_import(const char *dir, struct str text, bool replace, const struct variables_owner *o,
	struct err *e)
{
	struct buf name = BUF_INIT;
	struct str value;
	int r = 0;

	/* nothing is written unless all of it can be */
	for (struct str rest = text; r == 0 && next_pair(&rest, &name, &value); )
		if (!value.p || !variables_name(buf_str(&name)) || strlen(name.p) != name.n ||
			value.n > VARIABLES_VALUE_MAX)
			r = err_usage(e, "%.*s: no line of the form NAME=value", (int)(name.n > 60 ? 60 : name.n), name.p);
	for (struct str rest = text; r == 0 && next_pair(&rest, &name, &value); )
		if (replace || !variables_exists(dir, name.p))
			r = import_one(dir, name.p, value, o, e);
	buf_free(&name);
	return r;
}

static bool names_it(struct str text, const char *wanted)
{
	struct buf name = BUF_INIT;
	struct str value;
	bool found = false;

	while (!found && next_pair(&text, &name, &value))
		found = str_eq(buf_str(&name), str_z(wanted));
	buf_free(&name);
	return found;
}

int variables_restore(const char *dir, struct str text, const struct variables_owner *o, struct err *e)
{
	struct names names = {{0}};
	int r = variables_import(dir, text, true, o, e);

	if (r == 0)
		r = read_names(dir, &names, e);
	for (size_t i = 0; r == 0 && i < names.list.n; i++)
		if (!names_it(text, names.list.p[i]))
			r = variables_remove(dir, names.list.p[i], e);
	free_names(&names);
	return r;
}

static int slurp(const char *fn, struct buf *text, struct err *e)
{
	return file_slurp(fn, text, VARIABLES_TEXT_MAX) < 0 ? err_temp(e, errno, "unable to read %s", fn) : 0;
}

int variables_read(const char *dir, const char *fn, bool replace, const struct variables_owner *o,
	struct err *e)
{
	struct buf text = BUF_INIT;
	int r = slurp(fn, &text, e) < 0 ? -1 : variables_import(dir, buf_str(&text), replace, o, e);

	buf_free(&text);
	return r;
}

int variables_go_back(const char *dir, const struct variables_owner *o, struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;

	path_of(dir, ".variables", &fn);
	int r = slurp(fn.p, &text, e) < 0 ? -1 : variables_restore(dir, buf_str(&text), o, e);

	buf_free(&fn);
	buf_free(&text);
	return r;
}

int variables_save(const char *dir, const struct variables_owner *o, struct err *e)
{
	struct buf text = BUF_INIT;
	int r = variables_export(dir, &text, e);

	if (r == 0)
		r = put_file(dir, ".variables", buf_str(&text), o, e);
	buf_free(&text);
	return r;
}
