/* conf - settings from environment, control files and defaults; see conf.h. */
#include "core/conf/conf.h"

#include <errno.h>
#include <string.h>

#include "core/base/num.h"
#include "core/sys/env.h"
#include "core/sys/file.h"

#define C(id, type, env, file, dflt, flags, readers, text) {#id, type, env, file, dflt, flags, readers, text},
const struct conf_row conf_rows[CONF_COUNT] = {
#include "core/conf/conf.def"
};
#undef C

const char *conf_getenv(const char *name)
{
	return env_get(name);
}

/* The first line of the file becomes the variable, so that children see it too. */
static const char *from_file(const char *name, const char *fn)
{
	struct buf text = BUF_INIT;

	if (file_slurp(fn, &text, 1 << 20) == 0) {
		buf_set(&text, str_rtrim(str_to(buf_str(&text), str_chr(buf_str(&text), '\n'))));
		env_put_str(name, buf_str(&text));
	}
	buf_free(&text);
	return env_get(name);
}

const char *conf_env(enum conf_id id)
{
	const char *name = conf_rows[id].env, *file;

	if (!name)
		return NULL;
	const char *v = env_find(name, &file);

	return v || !file ? v : from_file(name, file);
}

bool conf_on(enum conf_id id)
{
	const char *v = conf_env(id);

	return v && *v;
}

bool conf_set(enum conf_id id)
{
	return conf_env(id) != NULL;
}

bool conf_enabled(enum conf_id id)
{
	const char *v = conf_env(id);

	if (!v)
		v = conf_rows[id].dflt;
	return v && *v;
}

/* The control file of a row: the variable may name it. */
static const char *file_of(enum conf_id id)
{
	const struct conf_row *row = &conf_rows[id];
	const char *v = row->flags & F_NAMED ? conf_env(id) : NULL;

	return v && *v ? v : row->file;
}

int conf_line(enum conf_id id, struct buf *out, struct err *e)
{
	const struct conf_row *row = &conf_rows[id];
	const char *v = row->flags & F_NAMED ? NULL : conf_env(id);
	const char *fn = file_of(id);
	int r = 0;

	if (v) {
		buf_set(out, str_z(v));
		return 1;
	}
	if (fn)
		r = control_line(fn, out, e);
	if (r == 0 && row->flags & F_ME) {
		r = control_line("me", out, e);
		if (r == 0) {
			buf_set(out, str_z(row->file));
			return 1;
		}
	}
	if (r == 0 && row->dflt) {
		buf_set(out, str_z(row->dflt));
		return 1;
	}
	return r;
}

int conf_int(enum conf_id id, long *out, struct err *e)
{
	const struct conf_row *row = &conf_rows[id];
	const char *v = conf_env(id);
	long n = 0;

	if (row->dflt)
		num_lead(str_z(row->dflt), &n);
	int r = row->file ? control_int(row->file, &n, e) : 0;

	if (r < 0)
		return -1;
	if (v && num_lead(str_z(v), &n))
		r = 1;
	*out = n;
	return r;
}

int conf_raw(enum conf_id id, struct buf *out, struct err *e)
{
	return control_raw(file_of(id), out, e);
}

int conf_list(enum conf_id id, struct list *l, struct err *e)
{
	const struct conf_row *row = &conf_rows[id];
	const char *v = row->flags & F_NAMED ? NULL : conf_env(id);

	if (v) {
		buf_set(&l->text, str_z(v));
		vec_clear(&l->lines);
		for (struct str rest = buf_str(&l->text), w; (w = str_word(&rest)).n; )
			vec_push(&l->lines, w);
		return 1;
	}
	int r = control_list(file_of(id), l, e);

	if (r == 0 && row->flags & F_ME) {
		r = control_raw("me", &l->text, e);
		if (r == 1) {
			list_parse(l);
			l->lines.n = l->lines.n ? 1 : 0;
		}
	}
	return r;
}

int conf_table(enum conf_id id, struct table *t, struct err *e)
{
	int r = conf_list(id, &t->list, e);

	if (r < 0)
		return -1;
	t->present = r == 1;
	table_index(t, conf_rows[id].type == T_MAP);
	return r;
}

const char *conf_home(void)
{
	return conf_rows[CONF_HOME_DIR].dflt;
}

const char *conf_controldir(void)
{
	const char *v = conf_env(CONF_CONTROLDIR);
	static char abs[4096];

	if (!v || !*v)
		return conf_rows[CONF_CONTROLDIR].dflt;
	if (*v == '/')
		return v;
	const char *base = conf_env(CONF_SYSCONFDIR);

	if (!base)
		base = conf_rows[CONF_SYSCONFDIR].dflt;
	if (strlen(base) + strlen(v) + 2 > sizeof abs)
		return v;
	strcpy(abs, base);
	strcat(abs, "/");
	strcat(abs, v);
	return abs;
}
