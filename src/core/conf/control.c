/* control - control files; see control.h. */
#include "core/conf/control.h"

#include <errno.h>
#include <string.h>

#include "core/base/num.h"
#include "core/conf/absent.h"
#include "core/conf/conf.h"
#include "core/conf/known.h"
#include "core/sys/file.h"
#include "core/sys/workers.h"

enum { CONTROL_MAX = 256 << 20 };	/* a control file larger than this is refused */

void list_free(struct list *l)
{
	buf_free(&l->text);
	vec_free(&l->lines);
}

void table_free(struct table *t)
{
	list_free(&t->list);
	map_free(&t->map);
	t->present = false;
}

bool table_has(const struct table *t, struct str key)
{
	return map_get(&t->map, key, NULL);
}

bool table_get(const struct table *t, struct str key, struct str *value)
{
	return map_get(&t->map, key, value);
}

void control_path(const char *name, struct buf *path)
{
	buf_clear(path);
	if (name[0] != '/' && name[0] != '.') {
		buf_adds(path, conf_controldir());
		buf_addc(path, '/');
	}
	buf_adds(path, name);
}

int control_number(const char *word, uint64_t max, size_t *n)
{
	struct buf text = BUF_INIT;
	uint64_t value = 0;

	if (!num_parse(str_z(word), UINT64_MAX, &value) && file_slurp(word, &text, 4096) == 0)
		num_scan(str_trim(buf_str(&text)), &value);
	buf_free(&text);
	if (value < 1 || value > max)
		return -1;
	*n = (size_t)value;
	return 0;
}

int control_raw(const char *name, struct buf *text, struct err *e)
{
	struct buf fn = BUF_INIT;
	int r = 1;

	control_path(name, &fn);
	buf_clear(text);
	if (absent_file(fn.p, workers_job()))
		r = 0;
	else if (known_slurp(fn.p, workers_job(), text, CONTROL_MAX) < 0)
		r = errno == ENOENT ? 0 : err_code(e, 55, errno, "unable to read %s", fn.p);
	buf_free(&fn);
	return r;
}

int control_line(const char *name, struct buf *line, struct err *e)
{
	struct buf text = BUF_INIT;
	int r = control_raw(name, &text, e);

	if (r == 1)
		buf_set(line, str_rtrim(str_to(buf_str(&text), str_chr(buf_str(&text), '\n'))));
	buf_free(&text);
	return r;
}

int control_int(const char *name, long *n, struct err *e)
{
	struct buf line = BUF_INIT;
	int r = control_line(name, &line, e);

	if (r == 1 && !num_lead(buf_str(&line), n))
		r = 0;
	buf_free(&line);
	return r;
}

void list_parse(struct list *l)
{
	vec_clear(&l->lines);
	for (struct str rest = buf_str(&l->text); rest.p; ) {
		struct str line = str_rtrim(str_cut(&rest, '\n'));

		if (line.n && line.p[0] != '#')
			vec_push(&l->lines, line);
	}
}

int control_list(const char *name, struct list *l, struct err *e)
{
	int r = control_raw(name, &l->text, e);

	vec_clear(&l->lines);
	if (r == 1)
		list_parse(l);
	return r;
}

void table_index(struct table *t, bool keyed)
{
	map_free(&t->map);
	for (size_t i = 0; i < t->list.lines.n; i++) {
		struct str value = t->list.lines.p[i];
		struct str key = keyed ? str_cut(&value, ':') : value;

		if (!keyed)
			value = str_from(value, value.n);
		if (value.p)
			map_put(&t->map, key, value);
	}
}

int control_table(const char *name, bool keyed, struct table *t, struct err *e)
{
	int r = control_list(name, &t->list, e);

	if (r < 0)
		return r;
	t->present = r == 1;
	table_index(t, keyed);
	return r;
}
