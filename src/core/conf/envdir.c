/* envdir - directories of variables; see envdir.h. */
#include "core/conf/envdir.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/conf/conf.h"
#include "core/sys/env.h"
#include "core/sys/fd.h"
#include "core/sys/file.h"
#include "core/sys/proc.h"

enum {
	VALUE_MAX = 256,	/* bytes of a variable's file that count */
	FILE_MAX = 64 << 20,	/* .envfile and .envdir: only to keep memory bounded */
	DEPTH_MAX = 32,
};

struct visited {
	dev_t dev;
	ino_t ino;
};

/* One change, in the order found; value NULL removes the variable. */
struct change {
	const char *name, *value;
};

struct walk {
	VEC(struct visited) seen;
	VEC(struct change) changes;
	struct arena mem;
	unsigned flags;
	int depth;
};

static int walk_dir(struct walk *w, const char *dir, struct err *e);

static void path_in(struct buf *fn, const char *dir, struct str name)
{
	buf_clear(fn);
	if (!name.n || name.p[0] != '/')
		buf_fmt(fn, "%s/", dir);
	buf_add(fn, name);
}

/* A value may hold NULs, which stand for newlines; NULL p removes. */
static void change(struct walk *w, struct str name, struct str value)
{
	char *z = value.p ? arena_z(&w->mem, value) : NULL;

	for (size_t i = 0; z && i < value.n; i++)
		if (!z[i])
			z[i] = '\n';
	if (name.n && !memchr(name.p, 0, name.n))
		vec_push(&w->changes, ((struct change){arena_z(&w->mem, name), z}));
}

/* The first bytes of a file: how many, -1 with errno. */
static ssize_t head_of(const char *fn, char *text, size_t max)
{
	int fd = file_open(fn, O_RDONLY | O_NONBLOCK, 0), num;
	ssize_t r, n = 0;

	if (fd < 0)
		return -1;
	while ((r = fd_read(fd, text + n, max - (size_t)n)) > 0)
		n += r;
	num = errno;
	fd_close(fd);
	errno = num;
	return r < 0 ? -1 : n;
}

/* What a file says of its variable; a link to nothing, or to /dev/null, is as good as an empty file. */
static void value_of(struct walk *w, const char *name, struct str text)
{
	struct str value = str_to(text, str_chr(text, '\n'));

	while (value.n && chr_blank(value.p[value.n - 1]))
		value.n--;
	change(w, str_z(name), text.n ? value : (struct str){NULL, 0});
}

static int walk_file(struct walk *w, const char *dir, const char *name, struct err *e)
{
	struct buf fn = BUF_INIT;
	char text[VALUE_MAX];
	struct stat st;
	ssize_t n = 0;
	int r = 0;

	path_in(&fn, dir, str_z(name));
	int found = file_stat(fn.p, &st);
	/* a FIFO would keep us waiting */
	bool speaks = found == 0 && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode));

	if (speaks)
		n = head_of(fn.p, text, sizeof text);
	if ((speaks && n >= 0) || (found < 0 && errno == ENOENT))
		value_of(w, name, str_make(text, (size_t)n));
	else if ((found < 0 || n < 0) && !(w->flags & ENVDIR_SKIP))
		r = err_temp(e, errno, "unable to open environment file: %s", fn.p);
	buf_free(&fn);
	return r;
}

/* A whole text file: 1, 0 there is none (or a directory), -1 error with the sentence about fn. */
static int whole(const char *fn, struct buf *text, const char *what, struct err *e)
{
	struct stat st;

	if (file_stat(fn, &st) == 0 && !S_ISREG(st.st_mode))
		return 0;
	if (file_slurp(fn, text, FILE_MAX) == 0)
		return 1;
	return errno == ENOENT ? 0 : err_temp(e, errno, "unable to open %s: %s", what, fn);
}

/* One line of .envfile: NAME=value, NAME alone removes it, empty and # lines say nothing. */
static void envfile_line(struct walk *w, struct str line)
{
	while (line.n && chr_blank(line.p[0]))
		line = str_from(line, 1);
	if (!line.n || line.p[0] == '#')
		return;
	struct str value = line, name = str_cut(&value, '=');

	change(w, value.p ? name : str_rtrim(name), value);
}

static int walk_envfile(struct walk *w, const char *dir, struct err *e)
{
	struct buf fn = BUF_INIT, text = BUF_INIT;
	int r;

	path_in(&fn, dir, STR(".envfile"));
	r = whole(fn.p, &text, ".envfile", e);
	if (r == 1)
		for (struct str rest = buf_str(&text); rest.p; )
			envfile_line(w, str_cut(&rest, '\n'));
	buf_free(&fn);
	buf_free(&text);
	return r < 0 && !(w->flags & ENVDIR_SKIP) ? -1 : 0;
}

/* .envdir: a directory, or a file that lists directories. */
static int walk_nested(struct walk *w, const char *dir, struct err *e)
{
	struct buf fn = BUF_INIT, sub = BUF_INIT;
	struct list l = LIST_INIT;
	struct stat st;
	int r;

	path_in(&fn, dir, STR(".envdir"));
	if (file_stat(fn.p, &st) == 0 && S_ISDIR(st.st_mode))
		r = walk_dir(w, fn.p, e);
	else
		r = whole(fn.p, &l.text, ".envdir", e);
	list_parse(&l);
	for (size_t i = 0; r >= 0 && i < l.lines.n; i++) {
		path_in(&sub, dir, l.lines.p[i]);
		r = walk_dir(w, sub.p, e);
	}
	buf_free(&fn);
	buf_free(&sub);
	list_free(&l);
	return r < 0 ? -1 : 0;
}

/* Has this directory had its turn?  It has from now on. */
static bool visited(struct walk *w, const struct stat *st)
{
	for (size_t i = 0; i < w->seen.n; i++)
		if (w->seen.p[i].dev == st->st_dev && w->seen.p[i].ino == st->st_ino)
			return true;
	vec_push(&w->seen, ((struct visited){st->st_dev, st->st_ino}));
	return false;
}

static int walk_entries(struct walk *w, struct dir *d, const char *dir, struct err *e)
{
	const char *name;
	int r = 0, more;

	while (r == 0 && (more = dir_next(d, &name)) != 0) {
		if (more < 0)
			r = err_temp(e, errno, "unable to read environment directory: %s", dir);
		else if (name[0] != '.' && !strchr(name, '='))
			r = walk_file(w, dir, name, e);
	}
	return r;
}

/* What dir links to comes before its own files, so that these win. */
static int walk_dir(struct walk *w, const char *dir, struct err *e)
{
	struct stat st;
	struct dir d;
	int r;

	if (file_stat(dir, &st) < 0)
		return err_temp(e, errno, "unable to open environment directory: %s", dir);
	if (visited(w, &st))
		return 0;
	if (w->depth >= DEPTH_MAX)
		return err_temp(e, ELOOP, "recursive loop: %s", dir);
	if (dir_open(&d, dir) < 0)
		return err_temp(e, errno, "unable to open environment directory: %s", dir);
	w->depth++;
	r = walk_envfile(w, dir, e);
	if (r == 0)
		r = walk_nested(w, dir, e);
	if (r == 0)
		r = walk_entries(w, &d, dir, e);
	w->depth--;
	dir_close(&d);
	return r;
}

int envdir_load(const char *dir, unsigned flags, struct err *e)
{
	struct walk w = {.flags = flags};
	int r = walk_dir(&w, dir, e);

	if (r == 0 && flags & ENVDIR_CLEAR)
		env_clear();
	for (size_t i = 0; r == 0 && i < w.changes.n; i++) {
		if (w.changes.p[i].value)
			env_put(w.changes.p[i].name, w.changes.p[i].value);
		else
			env_unset(w.changes.p[i].name);
	}
	vec_free(&w.seen);
	vec_free(&w.changes);
	arena_free(&w.mem);
	return r;
}

int envdir_apply(const char *dir, bool strict, struct err *e)
{
	return envdir_load(dir, strict ? 0 : ENVDIR_SKIP, e);
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
	if (file_access(dir.p, X_OK))
		envdir_apply(dir.p, false, warn);
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
