/* overview - all services at a glance; see overview.h. */
#include "svc/overview.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/sys/clock.h"
#include "svc/proctree.h"
#include "svc/scandir.h"

/* Where a row stands: the order of the table. */
static int rank(const struct overview_row *r)
{
	if (r->first)
		return 0;
	return r->report.status.wait ? 2 : r->report.status.up ? 3 : 1;
}

static int compare(const void *a, const void *b)
{
	const struct overview_row *x = a, *y = b;

	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	if (x->report.status.since != y->report.status.since)
		return x->report.status.since > y->report.status.since ? -1 : 1;
	return strcmp(x->path, y->path);
}

static void add(struct overview *o, const char *dir, const char *name)
{
	struct str whole = str_z(name);
	struct buf path = BUF_INIT;
	struct overview_row row = {.name = mem_copy(whole.p, whole.n)};

	buf_fmt(&path, "%s/", dir);
	buf_add(&path, whole);
	row.path = buf_take(&path);
	row.log = strchr(name, '/') != NULL;
	row.first = strcmp(name, ".svscan/log") == 0;
	report_read(row.path, &row.report);
	if ((int)strlen(row.path) + 1 > o->width)
		o->width = (int)strlen(row.path) + 1;
	vec_push(&o->rows, row);
}

int overview_read(const char *dir, bool mains, bool logs, struct overview *o, struct err *e)
{
	struct service_names names = {{0}};

	o->width = (int)strlen(dir) + 1;
	if (scandir_services(dir, mains, logs, &names, e) < 0)
		return -1;
	for (size_t i = 0; i < names.list.n; i++)
		add(o, dir, names.list.p[i]);
	scandir_free(&names);
	if (o->rows.n)
		qsort(o->rows.p, o->rows.n, sizeof *o->rows.p, compare);
	return 0;
}

void overview_free(struct overview *o)
{
	for (size_t i = 0; i < o->rows.n; i++) {
		mem_free(o->rows.p[i].path);
		mem_free(o->rows.p[i].name);
	}
	vec_free(&o->rows);
}

/* The first column; what a terminal would obey becomes a question mark. */
static void put_name(struct buf *out, const char *name, int width)
{
	size_t start = out->n;

	buf_fmt(out, "%-*s ", width, name);
	for (size_t i = start; i < out->n; i++)
		if ((unsigned char)out->p[i] < 32 || out->p[i] == 127)
			out->p[i] = '?';
}

static void put_time(struct buf *out, unsigned long s, bool days)
{
	if (days)
		buf_fmt(out, "%02lu days, %02lu hrs, %02lu mins, %02lu secs", s / 86400, s / 3600 % 24, s / 60 % 60,
			s % 60);
	else
		buf_fmt(out, "%7lu secs", s);
}

static const char *colour_of(const struct report *r)
{
	if (r->status.wait || (r->status.up && r->status.paused))
		return "\033[33m";
	return r->status.up ? "\033[32m" : "\033[31m";
}

static void put_state(struct buf *out, const char *state, const char *colour)
{
	int blanks = (int)(5 - strlen(state));

	buf_fmt(out, "%s%s%s%*s", colour ? colour : "", state, colour ? "\033[0m" : "", blanks, "");
}

static void put_row(const struct overview *o, const struct overview_row *row,
	const struct overview_look *look, struct buf *out)
{
	const struct report *r = &row->report;
	bool down = !r->status.up && !r->status.wait;

	put_name(out, row->path, o->width);
	put_state(out, report_state(r), look->colour ? colour_of(r) : NULL);
	put_time(out, status_seconds(&r->status, look->now), look->days);
	buf_fmt(out, " %s %7lu", down ? "spid" : " pid", (unsigned long)r->status.pid);
	if (r->status.wait > 0)
		buf_fmt(out, " remaining %7ld seconds", report_remaining(r, look->now));
	buf_addc(out, '\n');
}

void overview_text(const struct overview *o, bool logs, const struct overview_look *look, struct buf *out)
{
	for (size_t i = 0; i < o->rows.n; i++)
		if (o->rows.p[i].log == logs && !o->rows.p[i].report.trouble.class)
			put_row(o, &o->rows.p[i], look, out);
}

void overview_svscan(const struct overview *o, const char *dir, pid_t pid, time_t since,
	const struct overview_look *look, struct buf *out)
{
	struct buf name = BUF_INIT;
	unsigned long s = look->now > since ? (unsigned long)(look->now - since) : 0;

	put_name(out, dir, o->width);
	put_state(out, "up", look->colour ? "\033[32m" : NULL);
	put_time(out, s, look->days);
	if (proctree_command(pid, &name) < 0)
		buf_fmt(&name, "svscan %s", dir);
	buf_fmt(out, "  pid %7ld            name = \"%s\"\n", (long)pid, name.p);
	buf_free(&name);
}

void overview_json(const struct overview *o, bool logs, time_t now, struct buf *out)
{
	json_item(out);
	buf_addc(out, '[');
	for (size_t i = 0; i < o->rows.n; i++)
		if (o->rows.p[i].log == logs)
			report_json(&o->rows.p[i].report, o->rows.p[i].path, str_z(o->rows.p[i].name), now, out);
	buf_addc(out, ']');
}
