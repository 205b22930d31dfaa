/* match - address lists; see match.h. */
#include "core/smtp/match.h"

#include <regex.h>

#include "core/conf/cdb.h"
#include "core/conf/wildmat.h"

int match_open(struct match *m, enum conf_id list, enum conf_id patterns, struct err *e)
{
	const char *named = conf_rows[list].flags & F_NAMED ? conf_env(list) : NULL;
	long regex;

	m->file = named && *named ? named : conf_rows[list].file;
	if (conf_table(list, &m->list, e) < 0 || conf_int(CONF_QREGEX, &regex, e) < 0)
		return -1;
	m->regex = regex != 0;
	return conf_list(patterns, &m->patterns, e) < 0 ? -1 : 0;
}

void match_close(struct match *m)
{
	table_free(&m->list);
	list_free(&m->patterns);
}

static int in_cdb(const struct match *m, struct str addr, struct err *e)
{
	struct buf name = BUF_INIT, fn = BUF_INIT, data = BUF_INIT;
	struct cdb c;
	int r;

	buf_fmt(&name, "%s.cdb", m->file);
	control_path(name.p, &fn);
	r = cdb_open(&c, fn.p, e);
	if (r == 1) {
		r = cdb_find(&c, addr, &data, e);
		cdb_close(&c);
	}
	buf_free(&name);
	buf_free(&fn);
	buf_free(&data);
	return r;
}

static int regex_hit(struct str line, const char *addr, struct err *e)
{
	bool negate = line.n && line.p[0] == '!';
	struct buf text = BUF_INIT;
	regex_t re;
	int r;

	if (negate)
		line = str_from(line, 1);
	if (line.n && line.p[0] == '@' && !negate)
		buf_adds(&text, ".*");
	buf_add(&text, line);
	if (regcomp(&re, text.p, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0) {
		r = err_temp(e, 0, "bad regular expression %s", text.p);
	} else {
		r = (regexec(&re, addr, 0, NULL, 0) == 0) != negate;
		regfree(&re);
	}
	buf_free(&text);
	return r;
}

static int in_regex(const struct match *m, const char *addr, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < m->list.list.lines.n && r == 0; i++)
		r = regex_hit(m->list.list.lines.p[i], addr, e);
	return r;
}

static bool in_text(const struct match *m, struct str addr)
{
	bool hit = table_has(&m->list, addr);
	size_t at = str_rchr(addr, m->names ? '.' : '@');

	if (!hit && at < addr.n)
		hit = table_has(&m->list, str_from(addr, at));
	for (size_t i = 0; i < m->patterns.lines.n; i++) {
		struct str line = m->patterns.lines.p[i];
		bool clear = line.p[0] == '!';

		if (wildmat(addr, clear ? str_from(line, 1) : line))
			hit = !clear;
	}
	return hit;
}

int match_find(const struct match *m, struct str addr, struct err *e)
{
	struct buf lower = BUF_INIT;
	int r;

	buf_add(&lower, addr);
	buf_lower(&lower);
	r = in_cdb(m, buf_str(&lower), e);
	if (r == 0 && m->names)
		r = in_cdb(m, str_from(buf_str(&lower), str_rchr(buf_str(&lower), '.')), e);
	if (r == 0)
		r = m->regex ? in_regex(m, lower.p, e) : in_text(m, buf_str(&lower));
	buf_free(&lower);
	return r;
}
