/* headerfilter - header lines on their way into the queue; see headerfilter.h. */
#include "queue/headerfilter.h"

#include "core/base/num.h"
#include "core/conf/conf.h"
#include "core/sys/fd.h"

enum { DROP = 1, COLLECT = 2, LOG = 4 };
enum { LINE_MAX = 65536, COLLECTED_MAX = 65536 };	/* memory bounds; longer lines are decided by their start */

int headerfilter_open(struct headerfilter *f, struct err *e)
{
	long fd = -1;

	*f = (struct headerfilter){.log_fd = -1, .limit = -1};
	buf_init(&f->line);
	buf_init(&f->field);
	buf_init(&f->collected);
	buf_init(&f->remove.text);
	buf_init(&f->env.text);
	buf_init(&f->log.text);
	if (conf_list(CONF_REMOVEHEADERS, &f->remove, e) < 0 || conf_list(CONF_ENVHEADERS, &f->env, e) < 0 ||
		conf_list(CONF_LOGHEADERS, &f->log, e) < 0)
		return -1;
	if (f->log.lines.n && conf_int(CONF_LOGHEADERFD, &fd, e) == 1 && fd >= 0 && fd_open((int)fd))
		f->log_fd = (int)fd;
	f->active = f->remove.lines.n || f->env.lines.n || f->log.lines.n;
	return 0;
}

void headerfilter_free(struct headerfilter *f)
{
	list_free(&f->remove);
	list_free(&f->env);
	list_free(&f->log);
	buf_free(&f->line);
	buf_free(&f->field);
	buf_free(&f->collected);
}

/* The name of a header line, empty when it is none: printable characters without blanks before ':'. */
static struct str field_name(struct str line)
{
	size_t n = str_chr(line, ':');

	for (size_t i = 0; i < n; i++)
		if (line.p[i] < 33 || line.p[i] > 126)
			return str_to(line, 0);
	return n < line.n ? str_to(line, n) : str_to(line, 0);
}

/* Entries of envheaders and logheaders are a name, perhaps followed by :maxlen. */
static bool listed(const struct list *l, struct str name, long *limit)
{
	for (size_t i = 0; i < l->lines.n; i++) {
		struct str rest = l->lines.p[i];

		if (!str_ieq(str_cut(&rest, ':'), name))
			continue;
		*limit = -1;
		if (rest.p)
			num_lead(rest, limit);
		return true;
	}
	return false;
}

static bool removed(const struct list *l, struct str line)
{
	for (size_t i = 0; i < l->lines.n; i++)
		if (str_istarts(line, l->lines.p[i]))
			return true;
	return false;
}

static void collected(struct headerfilter *f)
{
	bool fits = f->limit < 0 || f->field.n <= (size_t)f->limit;

	if (f->field.n && fits && f->collected.n + f->field.n <= COLLECTED_MAX)
		buf_add(&f->collected, buf_str(&f->field));
	buf_clear(&f->field);
}

/* A line (or its first LINE_MAX bytes) is there: what shall happen to it? */
static void decide(struct headerfilter *f, struct str line)
{
	long ignored;

	if (line.n && chr_blank(line.p[0]))
		return;	/* a continuation shares its field's fate */
	collected(f);
	struct str name = field_name(line);

	f->verdict = 0;
	if (!name.n) {
		f->active = false;
		return;
	}
	if (removed(&f->remove, line))
		f->verdict |= DROP;
	if (listed(&f->env, name, &f->limit))
		f->verdict |= COLLECT;
	if (listed(&f->log, name, &ignored))
		f->verdict |= LOG;
}

static int emit(struct headerfilter *f, struct str s, int (*keep)(void *arg, struct str s), void *arg)
{
	if (f->verdict & COLLECT && f->field.n + s.n <= COLLECTED_MAX)
		buf_add(&f->field, s);
	if (f->verdict & LOG && f->log_fd >= 0 && fd_write_all(f->log_fd, s.p, s.n) < 0)
		f->log_fd = -1;
	return f->verdict & DROP ? 0 : keep(arg, s);
}

int headerfilter_feed(struct headerfilter *f, struct str s, int (*keep)(void *arg, struct str s), void *arg)
{
	while (s.n && f->active) {
		size_t n = str_chr(s, '\n');
		bool whole = n < s.n;
		struct str part = str_to(s, whole ? n + 1 : n);

		s = str_from(s, part.n);
		buf_add(&f->line, part);
		if (!whole && f->line.n < LINE_MAX)
			return 0;
		if (!f->in_line)
			decide(f, buf_str(&f->line));
		f->in_line = !whole;
		if (emit(f, buf_str(&f->line), keep, arg) < 0)
			return -1;
		buf_clear(&f->line);
	}
	return s.n ? keep(arg, s) : 0;
}

int headerfilter_end(struct headerfilter *f, int (*keep)(void *arg, struct str s), void *arg)
{
	int r = 0;

	if (f->line.n) {
		if (!f->in_line)
			decide(f, buf_str(&f->line));
		r = emit(f, buf_str(&f->line), keep, arg);
		buf_clear(&f->line);
	}
	collected(f);
	return r;
}
